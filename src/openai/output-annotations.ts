import { codePoints, toAnnotation } from './annotations.ts';
import type { AnswerEvents } from './answer-events.ts';
import { tooLarge } from './faults.ts';
import type { ItemPart, OutputItem } from './responses-event.ts';
import { type Item, MAX_ITEMS, type ResponsesItems } from './responses-items.ts';

/** The text of one part of an item. */
type TextAt = (place: number) => string | null | undefined;

/** What is told of the sources of an answer's text. */
export class OutputAnnotations {
  readonly #items: ResponsesItems;
  readonly #events: Pick<AnswerEvents, 'annotation'>;
  readonly #told = new Set<string>();

  constructor(items: ResponsesItems, events: Pick<AnswerEvents, 'annotation'>) {
    this.#items = items;
    this.#events = events;
  }

  /** Each once, whether it comes by itself or with its part, item or answer. */
  add(item: Item, place: unknown, index: unknown, raw: unknown): void {
    this.#tell(item, place, index, raw, (at) => item.parts.get(`text ${at}`)?.text);
  }

  addAll(item: Item, parts: OutputItem['content']): void {
    if (!Array.isArray(parts)) return;
    parts.forEach(({ annotations }: ItemPart, place) => {
      if (!Array.isArray(annotations)) return;
      annotations.forEach((raw, index) => {
        // Parts that came with the whole alone are not known as parts.
        this.#tell(item, place, index, raw, (at) => parts[at]?.text);
      });
    });
  }

  #tell(item: Item, place: unknown, index: unknown, raw: unknown, textAt: TextAt): void {
    const key = `${this.#items.all.indexOf(item)} ${String(place)} ${String(index)}`;
    if (this.#told.has(key)) return;
    const annotation = toAnnotation(raw, this.#offsetOf(item, place, textAt));
    if (annotation === undefined) return;
    if (this.#told.size >= MAX_ITEMS) throw tooLarge();
    this.#told.add(key);
    this.#events.annotation(annotation);
  }

  /** Code points of the answer's text before a part of an item; what was said on the way is none of it. */
  #offsetOf(item: Item, place: unknown, textAt: TextAt): number {
    let offset = 0;
    for (const before of this.#items.all) {
      if (before === item) break;
      if (before.phase !== 'commentary') offset += codePoints(before.text.text);
    }
    for (let at = 0; at < Number(place); at += 1) {
      offset += codePoints(textAt(at) ?? '');
    }
    return offset;
  }
}
