import { toAnnotation } from '../answer/annotations.ts';
import { codePoints } from '../answer/code-points.ts';
import type { AnswerEvents } from '../answer/events.ts';
import { tooLarge } from '../errors/faults.ts';
import type { ItemPart, OutputItem } from './event.ts';
import { type Item, MAX_ITEMS, type ResponsesItems } from './items.ts';

/** Parts of one item that are looked at; none has more. */
const MAX_PARTS = 256;

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
    let offset = this.#before(item);
    const last = Math.min(Number(place), MAX_PARTS);
    for (let at = 0; at < last; at += 1) offset += item.parts.get(`text ${at}`)?.codePoints ?? 0;
    this.#tell(`${this.#items.all.indexOf(item)} ${String(place)} ${String(index)}`, raw, offset);
  }

  addAll(item: Item, parts: OutputItem['content']): void {
    if (!Array.isArray(parts)) return;
    // Parts that came with the whole alone are not known as parts.
    let offset = this.#before(item);
    const number = this.#items.all.indexOf(item);
    parts.forEach(({ annotations, text }: ItemPart, place) => {
      if (Array.isArray(annotations)) {
        annotations.forEach((raw, index) => {
          this.#tell(`${number} ${place} ${index}`, raw, offset);
        });
      }
      offset += codePoints(text ?? '');
    });
  }

  /** @param key its item, its part and its place there */
  #tell(key: string, raw: unknown, offset: number): void {
    if (this.#told.has(key)) return;
    const annotation = toAnnotation(raw, offset);
    if (annotation === undefined) return;
    if (this.#told.size >= MAX_ITEMS) throw tooLarge();
    this.#told.add(key);
    this.#events.annotation(annotation);
  }

  /** Code points of the answer's text before an item; what was said on the way is none of it. */
  #before(item: Item): number {
    let offset = 0;
    for (const before of this.#items.all) {
      if (before === item) break;
      if (before.phase !== 'commentary') offset += before.text.codePoints;
    }
    return offset;
  }
}
