const PLACES = 12;
const PICO = 10n ** BigInt(PLACES);

/** The form of what parseDollars accepts. */
export const DOLLARS = /^[0-9]{1,7}(\.[0-9]{1,12})?$/;

/** The form of those that are above 0, at most MOST_DOLLARS, as JSON Schema has it. */
export const DOLLARS_WITHIN =
  '^(?=.*[1-9])(?:(?:[0-8][0-9]{6}|[0-9]{1,6})(?:\\.[0-9]{1,12})?|9000000(?:\\.0{1,12})?)$';

/** The bounds of numbers for JSON Schema: smaller ones print with an exponent, which is no form for money. */
export const DOLLAR_NUMBERS = { minimum: 0.000001, maximum: 9_000_000 };

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
