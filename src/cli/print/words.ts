import type { Duration } from '../../gen/google/protobuf/duration.ts';
import type { Timestamp } from '../../gen/google/protobuf/timestamp.ts';
import type { Money } from '../../gen/google/type/money.ts';
import type { Cost } from '../../gen/tamma/provider/v1/usage.ts';

/** 1234567 as `1,234,567`. */
export function count(value: number | bigint): string {
  return value.toLocaleString('en-US');
}

/** `$0.0012`; empty if nothing is known. */
export function dollars(cost: Cost | undefined): string {
  if (cost === undefined) return '';
  if (cost.unpriced && Number(cost.usd) === 0) return 'unpriced';
  return `${cost.estimated ? '~' : ''}$${cost.usd || '0'}`;
}

/** As `dollars`, of an amount alone. */
export function money(amount: Money | undefined): string {
  if (amount === undefined) return '';
  const fraction = String(amount.nanos).padStart(9, '0').replace(/0+$/, '').padEnd(2, '0');
  return `$${amount.units}.${fraction}`;
}

/** `412 ms`, `2.3 s`, `3 h 12 min`; empty if it is not known. */
export function time(duration: Duration | undefined): string {
  if (duration === undefined) return '';
  const seconds = Number(duration.seconds) + duration.nanos / 1e9;
  if (seconds < 1) return `${Math.round(seconds * 1_000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48
    ? `${hours} h ${minutes % 60} min`
    : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `2026-11-28 19:30:00Z`; empty if it is not known. */
export function moment(timestamp: Timestamp | undefined): string {
  if (timestamp === undefined) return '';
  const date = new Date(Number(timestamp.seconds) * 1_000);
  return date.toISOString().replace('T', ' ').replace('.000', '');
}

/** The name of a value of an enum, in lower case; empty for what is not known. */
export function named(values: Readonly<Record<string, number>>, value: number): string {
  const [name = ''] = Object.entries(values).find(([, one]) => one === value) ?? [];
  return name === 'UNSPECIFIED' ? '' : name.toLowerCase().replaceAll('_', ' ');
}

/** `s` of several. */
export function several(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}
