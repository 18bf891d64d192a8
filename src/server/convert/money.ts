import type { Cost } from '../../core/usage.ts';
import type { Money } from '../../gen/google/type/money.ts';
import type * as wire from '../../gen/tamma/provider/v1/usage.ts';
import { formatDollars, roundToNano } from '../../money/pricing/money.ts';

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

export function toWireCost(cost: Cost): wire.Cost {
  return {
    total: toMoney(cost.picoDollars),
    priceCatalogueVersion: cost.catalogueVersion,
    estimated: cost.estimated,
    unpriced: cost.unpriced,
    usd: formatDollars(cost.picoDollars),
  };
}
