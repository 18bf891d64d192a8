import type { ReasoningItem } from '../core/message.ts';
import type { AnswerEvents } from './answer-events.ts';
import { stringOr } from './json-record.ts';
import { Received } from './received.ts';
import type { ItemPart, OutputItem } from './responses-event.ts';

/** Where events without an index of their item belong. */
const NO_INDEX = -1;

type Index = number | null | undefined;

/**
 * What the model says in a Responses stream, item by item. The API says everything several times: in
 * deltas, in the finished item, in the finished answer. Each character is passed on once, as early as
 * it comes; servers that leave out the deltas, or all but the end, lose nothing.
 */
export class ResponsesOutput {
  readonly #events: AnswerEvents;
  readonly #text = new Received();
  readonly #refusal = new Received();
  readonly #reasoning = new Received();
  readonly #arguments = new Received();
  readonly #reasoningItems = new Map<string, ReasoningItem>();

  constructor(events: AnswerEvents) {
    this.#events = events;
  }

  /** Sealed items, in the order in which they came. */
  get reasoningItems(): readonly ReasoningItem[] {
    return [...this.#reasoningItems.values()];
  }

  text(index: Index, piece: string): void {
    this.#text.add(index ?? NO_INDEX, piece.length);
    this.#events.count(piece.length);
    this.#events.text(piece);
  }

  refusal(index: Index, piece: string): void {
    this.#refusal.add(index ?? NO_INDEX, piece.length);
    this.#events.count(piece.length);
    this.#events.refusal(piece);
  }

  reasoning(index: Index, piece: string): void {
    this.#reasoning.add(index ?? NO_INDEX, piece.length);
    this.#events.count(piece.length);
    this.#events.reasoning(piece);
  }

  arguments(index: Index, piece: string): void {
    this.#arguments.add(index ?? NO_INDEX, piece.length);
    this.#events.count(piece.length);
    this.#events.toolCall({ ...indexed(index), function: { arguments: piece } });
  }

  itemAdded(index: Index, item: OutputItem): void {
    if (item.type === 'function_call') this.#functionCall(index, item);
  }

  itemDone(index: Index, item: OutputItem): void {
    const at = index ?? NO_INDEX;
    switch (item.type) {
      case 'message':
        this.text(index, this.#text.restOf(at, textOf(item.content)));
        this.refusal(index, this.#refusal.restOf(at, refusalOf(item.content)));
        break;
      case 'function_call':
        if (!this.#knows(item)) this.#functionCall(index, item);
        this.arguments(index, this.#arguments.restOf(at, item.arguments ?? ''));
        break;
      case 'reasoning':
        // Its text stands in the content, else in the summary, and comes from either.
        if (this.#reasoning.of(at) === 0) this.reasoning(index, reasoningOf(item));
        this.#keep(item);
        break;
    }
  }

  /** The answer as a whole, at its end. The indices of the stream need not be those of this list. */
  answerDone(items: readonly OutputItem[]): void {
    const messages = items.filter(({ type }) => type === 'message');
    const text = messages.map(({ content }) => textOf(content)).join('');
    const refusal = messages.map(({ content }) => refusalOf(content)).join('');
    this.text(NO_INDEX, this.#text.rest(text));
    this.refusal(NO_INDEX, this.#refusal.rest(refusal));
    for (const item of items) {
      if (item.type === 'function_call' && !this.#knows(item)) this.#wholeCall(item);
      if (item.type === 'reasoning') this.#keep(item);
    }
  }

  #functionCall(index: Index, item: OutputItem): void {
    const name = item.name ?? '';
    this.#events.count(name.length);
    this.#events.toolCall({ ...indexed(index), id: idOf(item), function: { name } });
  }

  #wholeCall(item: OutputItem): void {
    const called = { name: item.name ?? '', arguments: item.arguments ?? '' };
    this.#events.count(called.name.length + called.arguments.length);
    this.#events.toolCall({ id: idOf(item), function: called });
  }

  #knows(item: OutputItem): boolean {
    return this.#events.toolCalls.some(({ id }) => id === idOf(item));
  }

  /** Reasoning that is not sealed cannot be handed back: the upstream has kept none of it. */
  #keep(item: OutputItem): void {
    const id = stringOr(item.id);
    const encryptedContent = stringOr(item.encrypted_content);
    if (encryptedContent === '') return;
    const summary = (item.summary ?? []).map(({ text }) => stringOr(text));
    this.#reasoningItems.set(id, { id, encryptedContent, summary });
  }
}

/** What the call's result must refer to. */
function idOf({ call_id, id }: OutputItem): string {
  return stringOr(call_id || id);
}

function indexed(index: Index): { index?: number } {
  return typeof index === 'number' ? { index } : {};
}

type Parts = readonly ItemPart[] | null | undefined;

function textOf(parts: Parts): string {
  return (parts ?? []).map(({ text }) => text ?? '').join('');
}

function refusalOf(parts: Parts): string {
  return (parts ?? []).map(({ refusal }) => refusal ?? '').join('');
}

function reasoningOf({ content, summary }: OutputItem): string {
  return textOf(content) || textOf(summary);
}
