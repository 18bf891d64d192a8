import { digitsWithin } from './patterns.ts';

/** Symbols and what each is worth in the smallest, which comes first. */
export type Units = Readonly<Record<string, number>>;

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Timers and gRPC deadlines are int32 milliseconds. */
export const LONGEST = 24 * DAY;

export const KIB = 2 ** 10;
export const MIB = 2 ** 20;
export const GIB = 2 ** 30;

/** In ms. */
export const DURATION_UNITS: Units = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY };

/** In bytes. Binary only: readers disagree about what a MB is. */
export const BYTE_UNITS: Units = { B: 1, KiB: KIB, MiB: MIB, GiB: GIB };

/** Matches what parseQuantity accepts: `30s`, or plain digits in the smallest unit. */
export function quantityPattern(units: Units): RegExp {
  return new RegExp(`^[0-9]{1,15}(${Object.keys(units).join('|')})?$`);
}

/** Matches, of these, what is within the bounds, which are in the smallest unit and not negative. */
export function boundedPattern(units: Units, min: number, max: number): string {
  const alternatives = Object.entries(units).flatMap(([symbol, worth]) => {
    const [from, to] = [Math.ceil(min / worth), Math.floor(max / worth)];
    const unit = worth === 1 ? `(?:${symbol})?` : symbol;
    return from > to ? [] : [`${digitsWithin(from, to)}${unit}`];
  });
  return `^(?![0-9]{16})(?:${alternatives.join('|')})$`;
}

/** `30s` as 30000. Undefined if the text is no whole number of one of the units. */
export function parseQuantity(text: string, units: Units): number | undefined {
  if (!quantityPattern(units).test(text)) return undefined;
  const digits = Number.parseInt(text, 10);
  const symbol = text.replace(/^[0-9]+/, '');
  return digits * (units[symbol] ?? 1);
}

/** 30000 as `30s`: in the largest unit that expresses the number exactly. */
export function formatQuantity(value: number, units: Units): string {
  let text = '';
  for (const [symbol, worth] of Object.entries(units)) {
    const isExact = value >= worth && value % worth === 0;
    if (isExact || text === '') text = `${value / worth}${symbol}`;
  }
  return text;
}
