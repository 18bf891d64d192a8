import { stringOr } from '../values/json-record.ts';
import type { OutputItem } from './event.ts';

/**
 * Ids of the sealed items of one answer, by which they are put in their places again. xAI names them after the answer,
 * all alike, or not at all: what they have in common is numbered here, and goes back as it came.
 */
export class SealedIds {
  readonly #byContent = new Map<string, string>();
  /** How many items have an id. */
  readonly #counts = new Map<string, number>();

  /** @returns the item's, with a number where it has none or another item has it */
  of({ id, encrypted_content }: OutputItem): string {
    const content = stringOr(encrypted_content);
    const known = this.#byContent.get(content);
    if (known !== undefined) return known;
    const given = stringOr(id);
    const count = (this.#counts.get(given) ?? 0) + 1;
    this.#counts.set(given, count);
    const own = given !== '' && count === 1 ? given : `${given}#${count}`;
    this.#byContent.set(content, own);
    return own;
  }
}

/** As the upstream gave it; undefined: it gave none. */
export function givenId(id: string): string | undefined {
  return id.replace(/#\d+$/, '') || undefined;
}
