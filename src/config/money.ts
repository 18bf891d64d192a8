const PLACES = 12;
const PICO = 10n ** BigInt(PLACES);

/** The form of what parseDollars accepts. */
export const DOLLARS = /^[0-9]{1,7}(\.[0-9]{1,12})?$/;

/** In pico-dollars (10^-12 USD). Sums of it still fit into the 64 bits that databases count with. */
export const MOST_DOLLARS = 9_000_000n * PICO;

/** `0.25` as 250000000000 pico-dollars, exactly. Undefined if the text is no such decimal. */
export function parseDollars(text: string): bigint | undefined {
  if (!DOLLARS.test(text)) return undefined;
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole) * PICO + BigInt(fraction.padEnd(PLACES, '0'));
}

/** 250000000000 pico-dollars as `0.25`. */
export function formatDollars(pico: bigint): string {
  const fraction = String(pico % PICO).padStart(PLACES, '0');
  return `${pico / PICO}.${fraction}`.replace(/\.?0+$/, '');
}
