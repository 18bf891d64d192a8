import type { Cost } from '../../core/usage.ts';
import type { Money } from '../../gen/google/type/money.ts';
import type * as wire from '../../gen/tamma/provider/v1/usage.ts';
import { formatDollars, PICO_PER_NANO, roundToNano } from '../../money/pricing/money.ts';
import type { WireViolations } from './violations.ts';

const NANOS_PER_DOLLAR = 1_000_000_000n;

/** Pico-dollars, 0 or more, rounded half up to the nano-dollars of google.type.Money. */
export function toMoney(picoDollars: bigint): Money {
  const nanos = roundToNano(picoDollars);
  return {
    currencyCode: 'USD',
    units: nanos / NANOS_PER_DOLLAR,
    nanos: Number(nanos % NANOS_PER_DOLLAR),
  };
}

/** In pico-dollars. */
export function fromWireMoney(
  money: Money | undefined,
  field: string,
  violations: WireViolations,
): bigint | undefined {
  if (money === undefined) return undefined;
  const { currencyCode, units, nanos } = money;
  if (currencyCode !== 'USD') return violations.add(field, 'must be in USD');
  if (
    Math.abs(nanos) >= NANOS_PER_DOLLAR ||
    (units > 0n && nanos < 0) ||
    (units < 0n && nanos > 0)
  ) {
    return violations.add(field, 'must be a valid amount of money');
  }
  return (units * NANOS_PER_DOLLAR + BigInt(nanos)) * PICO_PER_NANO;
}

export function toWireCost(cost: Cost): wire.Cost {
  return {
    total: toMoney(cost.picoDollars),
    priceCatalogueVersion: cost.catalogueVersion,
    estimated: cost.estimated,
    unpriced: cost.unpriced,
    usd: formatDollars(cost.picoDollars),
  };
}
