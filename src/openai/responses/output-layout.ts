import { recordOf, stringOr } from '../values/json-record.ts';
import { fromProviderData, toProviderData } from '../values/provider-data.ts';
import { isCall } from './calls.ts';
import type { OutputItem } from './event.ts';
import { isHosted } from './hosted-output.ts';
import { withoutFindings } from './without-findings.ts';

/**
 * In which order the items of an answer stood, and those that have no place in the contract: what the
 * upstream ran itself. It wants all of them back as it made them, and its prompt cache is only hit so.
 * It travels in the turn's provider data, and only where it says more than the usual order.
 */

/** What an answer consists of in the usual order. */
const RANKS = ['reasoning', 'text', 'call'] as const;

/** How one thing of a turn is called in the layout. */
export type PartName = `reasoning ${string}` | 'text' | `call ${string}`;

/** An item by its name, or one that has no place in the contract. */
export type Entry = PartName | OutputItem;

/** @returns empty if there is nothing that the turn does not say itself */
export function toLayout(target: string, all: readonly Entry[]): string {
  const entries = [...new Set(all)];
  const names = entries.filter((entry) => typeof entry === 'string');
  if (names.length === entries.length && isUsual(names)) return '';
  // What was found and printed may be more than may be kept; then what was done is, or the order alone.
  const light = () =>
    entries.map((entry) => (typeof entry === 'string' ? entry : withoutFindings(entry)));
  const whole =
    toProviderData(target, { output: entries }) || toProviderData(target, { output: light() });
  return whole !== '' || isUsual(names) ? whole : toProviderData(target, { output: names });
}

/** The parts of a turn in their order, with what the upstream ran itself between them. */
export function inLayout<T>(
  parts: ReadonlyMap<PartName, T>,
  target: string,
  providerData: string | undefined,
): readonly (T | OutputItem)[] {
  const { output } = fromProviderData(target, providerData);
  const ordered: (T | OutputItem)[] = [];
  const left = new Map(parts);
  for (const entry of Array.isArray(output) ? output : []) {
    // Whoever hands it back could have put anything there.
    if (isHosted(recordOf(entry))) ordered.push(recordOf(entry));
    const part = left.get(entry as PartName);
    if (part === undefined) continue;
    ordered.push(part);
    left.delete(entry as PartName);
  }
  return [...ordered, ...left.values()];
}

export function entryOf(item: OutputItem): Entry | undefined {
  if (isCall(item)) return `call ${stringOr(item.call_id || item.id)}`;
  // An image is too large to travel with every turn.
  if (isHosted(item)) return item.type === 'image_generation_call' ? undefined : item;
  if (item.type === 'message') return 'text';
  const isSealed = item.type === 'compaction' || stringOr(item.encrypted_content) !== '';
  return isSealed ? `reasoning ${stringOr(item.id)}` : undefined;
}

function isUsual(names: readonly PartName[]): boolean {
  const ranks = names.map((name) => RANKS.findIndex((kind) => name.startsWith(kind)));
  return ranks.every((rank, index) => rank >= (ranks[index - 1] ?? 0));
}
