import { divideUp } from '../../core/bigint.ts';
import { PICO_PER_MICRO } from '../../money/pricing/money.ts';

/** Rounded up. @param picoDollars 0 or more */
export function microUp(picoDollars: bigint): bigint {
  return divideUp(picoDollars, PICO_PER_MICRO);
}

/** Rounded down. @param picoDollars 0 or more */
export function microDown(picoDollars: bigint): bigint {
  return picoDollars / PICO_PER_MICRO;
}

export function toPico(microDollars: bigint): bigint {
  return microDollars * PICO_PER_MICRO;
}
