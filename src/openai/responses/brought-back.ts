import type { ReasoningItem } from '../../core/message.ts';
import type { AnswerEvents } from '../answer/events.ts';
import { tooLarge } from '../errors/faults.ts';
import { stringOr } from '../values/json-record.ts';
import type { OutputItem } from './event.ts';
import { MAX_ITEMS } from './items.ts';
import { type Entry, entryOf, toLayout } from './output-layout.ts';
import { SealedIds } from './sealed-ids.ts';

/** What the next request brings back of an answer, beside what the model says in it. */
export class BroughtBack {
  readonly #events: AnswerEvents;
  readonly #target: string;
  readonly #reasoningItems = new Map<string, ReasoningItem>();
  readonly #done: Entry[] = [];
  #ids = new SealedIds();
  #answer: readonly OutputItem[] = [];

  /** @param target the upstream, which gets back what it asks for */
  constructor(events: AnswerEvents, target: string) {
    this.#events = events;
    this.#target = target;
  }

  /** In which order the items stood, with those that have no place in the contract. */
  get layout(): string {
    const whole = this.#answer.flatMap((item) => entryOf(item) ?? []);
    return toLayout(this.#target, this.#answer.length > 0 ? whole : this.#done);
  }

  /** Sealed items, in the order in which they came. */
  get reasoningItems(): readonly ReasoningItem[] {
    return [...this.#reasoningItems.values()];
  }

  /** An item that has no name in the layout is kept as it is. */
  itemDone(done: OutputItem): void {
    const item = this.#toldApart(done);
    const entry = entryOf(item);
    if (entry !== undefined) {
      this.#events.hold(typeof entry === 'string' ? entry.length : JSON.stringify(entry).length);
      if (this.#done.push(entry) > MAX_ITEMS) throw tooLarge();
    }
    this.#keep(item);
  }

  /** The items are sealed anew, and GitHub Copilot names them anew, too: those that came before are not others. */
  answerDone(items: readonly OutputItem[]): void {
    if (items.filter(isSealed).length >= this.#reasoningItems.size) this.#reasoningItems.clear();
    this.#ids = new SealedIds();
    this.#answer = items.map((item) => this.#toldApart(item));
    for (const item of this.#answer) this.#keep(item);
  }

  #toldApart(item: OutputItem): OutputItem {
    return isSealed(item) ? { ...item, id: this.#ids.of(item) } : item;
  }

  /** Reasoning that is not sealed cannot be handed back: the upstream has kept none of it. */
  #keep(item: OutputItem): void {
    if (!isSealed(item)) return;
    const id = stringOr(item.id);
    const encryptedContent = stringOr(item.encrypted_content);
    this.#events.hold(encryptedContent.length);
    // Of a compaction nothing else is checked, and nothing else goes back.
    const kind =
      item.type === 'compaction'
        ? { type: item.type, summary: [] }
        : { summary: (item.summary ?? []).map(({ text }) => stringOr(text)) };
    this.#reasoningItems.set(id, { id, encryptedContent, ...kind });
  }
}

function isSealed({ type, encrypted_content }: OutputItem): boolean {
  const mayBe = type === 'reasoning' || type === 'compaction';
  return mayBe && stringOr(encrypted_content) !== '';
}
