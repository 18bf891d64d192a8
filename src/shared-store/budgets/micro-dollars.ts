import { divideUp } from '../../core/bigint.ts';

/** Pico-dollars in a micro-dollar. */
const PICO_PER_MICRO = 1_000_000n;

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
