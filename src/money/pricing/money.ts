export const PICO_PER_NANO = 1_000n;
export const PICO_PER_MICRO = 1_000_000n;
const PICO_PER_DOLLAR = 1_000_000_000_000n;
const PICO_DIGITS = 12;

/** The most that is written down in one number, in pico-dollars: what an integer of the database holds. */
export const MOST_MONEY = 2n ** 63n - 1n;

/** Pico-dollars, 0 or more, as whole nano-dollars, rounded half up. */
export function roundToNano(picoDollars: bigint): bigint {
  return (picoDollars + PICO_PER_NANO / 2n) / PICO_PER_NANO;
}

/** Pico-dollars as an exact decimal of dollars: `0.000125`, `-3`. */
export function formatDollars(picoDollars: bigint): string {
  if (picoDollars < 0n) return `-${formatDollars(-picoDollars)}`;
  const whole = picoDollars / PICO_PER_DOLLAR;
  const fraction = (picoDollars % PICO_PER_DOLLAR).toString().padStart(PICO_DIGITS, '0');
  const significant = fraction.replace(/0+$/, '');
  return significant === '' ? whole.toString() : `${whole}.${significant}`;
}

/** As a floating-point number of dollars, for metrics. */
export function toDollars(picoDollars: bigint): number {
  return Number(picoDollars) / Number(PICO_PER_DOLLAR);
}
