import type { Attributes } from '@opentelemetry/api';
import type { Cost } from '../../core/usage.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import { toDollars } from './money.ts';

export type CostInstruments = Pick<Instruments, 'cost' | 'unpricedAttempts'>;

/** Counts what an attempt cost, and that a part of it has no known price. What nobody knows is no cost of 0. */
export function measureCost(
  { picoDollars, unpriced }: Cost,
  attributes: Attributes,
  instruments: CostInstruments,
): void {
  if (unpriced) instruments.unpricedAttempts.add(1, attributes);
  if (!unpriced || picoDollars > 0n) instruments.cost.add(toDollars(picoDollars), attributes);
}
