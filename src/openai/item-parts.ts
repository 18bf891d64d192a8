import type { ItemPart } from './responses-event.ts';

type Parts = readonly ItemPart[] | string | null | undefined;

/** The text of an item's parts. */
export function textOf(parts: Parts): string {
  if (typeof parts === 'string') return parts;
  return (parts ?? []).map(({ text }) => text ?? '').join('');
}

/** The refusal in an item's parts. */
export function refusalOf(parts: Parts): string {
  if (typeof parts === 'string') return '';
  return (parts ?? []).map(({ refusal }) => refusal ?? '').join('');
}
