import type { WireMessage } from '../support/grpc-client.ts';

const PICO_PER_DOLLAR = 1_000_000_000_000n;
const PICO_PER_NANO = 1_000n;

/** The pico-dollars of an exact decimal: `0.000125`. */
export function pico(dollars: string): bigint {
  const [whole = '', fraction = ''] = dollars.split('.');
  return BigInt(whole + fraction.padEnd(12, '0'));
}

/** The decimal of pico-dollars. */
export function decimal(picoDollars: bigint): string {
  const fraction = (picoDollars % PICO_PER_DOLLAR).toString().padStart(12, '0');
  return `${picoDollars / PICO_PER_DOLLAR}.${fraction}`;
}

/** The nano-dollars of a google.type.Money; those of nothing are 0. */
export function nanos(money: unknown): bigint {
  if (money === null || money === undefined) return 0n;
  const { units = 0, nanos: rest = 0 } = money as WireMessage;
  return BigInt(Number(units)) * 1_000_000_000n + BigInt(Number(rest));
}

/** Rounded half up, as it goes over the wire. */
export function toNanos(picoDollars: bigint): bigint {
  return (picoDollars + PICO_PER_NANO / 2n) / PICO_PER_NANO;
}

/** As a number, for ratios and tables. */
export function dollars(picoDollars: bigint): number {
  return Number(picoDollars) / Number(PICO_PER_DOLLAR);
}

/** `a / b - 1` of amounts. */
export function deviation(a: bigint | number, b: bigint | number): number {
  return Number(a) / Number(b) - 1;
}

export function sumOf<T>(items: Iterable<T>, amount: (item: T) => bigint): bigint {
  let sum = 0n;
  for (const item of items) sum += amount(item);
  return sum;
}
