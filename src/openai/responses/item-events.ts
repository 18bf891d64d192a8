import type { AnswerEvents } from '../answer/events.ts';
import type { Said } from '../answer/said.ts';
import { stringOr } from '../values/json-record.ts';
import { toProviderData } from '../values/provider-data.ts';
import { callIn } from './calls.ts';
import type { OutputItem } from './event.ts';
import { type Item, partOf, restOf } from './items.ts';

/** Between the parts of a summary, which are paragraphs with titles. */
export const PARAGRAPH = '\n\n';

/** Passes on what the items of a Responses answer say, and notes that it was said. */
export class ItemEvents {
  readonly #events: AnswerEvents;
  readonly #target: string;

  /** @param target the upstream, which gets back what it asks for */
  constructor(events: AnswerEvents, target: string) {
    this.#events = events;
    this.#target = target;
  }

  /** @param part that it belongs to, where that is known */
  text(item: Item, part: Said | undefined, piece: string): void {
    if (piece === '') return;
    part?.add(piece);
    this.#events.count(piece.length);
    this.#events.text(item.text.add(piece), item.phase);
  }

  refusal(item: Item, part: Said | undefined, piece: string): void {
    if (piece === '') return;
    part?.add(piece);
    this.#events.count(piece.length);
    this.#events.refusal(item.refusal.add(piece));
  }

  /** A piece of it, or with `whole` all of a part's; told in two ways, it is told once. */
  reasoning(
    item: Item,
    told: 'text' | 'summary',
    place: unknown,
    piece: string,
    whole: boolean,
  ): void {
    if (item.reasoningIn !== '' && item.reasoningIn !== told) return;
    const more = whole ? restOf(item, told, place, item.reasoning, piece) : piece;
    if (more === '') return;
    const another = told === 'summary' && !item.reasoning.isEmpty && item.summaryPart !== place;
    item.reasoningIn = told;
    item.summaryPart = place;
    partOf(item, told, place).add(more);
    this.moreReasoning(item, another ? PARAGRAPH + more : more);
  }

  /** More of it, wherever it is told. */
  moreReasoning(item: Item, piece: string): void {
    if (piece === '') return;
    this.#events.count(piece.length);
    this.#events.reasoning(item.reasoning.add(piece));
  }

  /** What the item says of its call beyond what was said. */
  call(item: Item, done: OutputItem): void {
    const call = this.callOf(item);
    const id = stringOr(done.call_id || done.id);
    const said = callIn(done);
    if (this.#events.tools.nameOf(call) === '') this.#events.count(said.name.length);
    const rest = item.arguments.add(item.arguments.rest(said.arguments));
    this.#events.count(rest.length);
    this.#events.tools.add(call, { ...said, id, wholeName: true, arguments: rest });
    if (said.kind !== 'mcp_approval') return;
    const { server_label } = done;
    this.#events.tools.setProviderData(call, toProviderData(this.#target, { server_label }));
  }

  arguments(item: Item, piece: string): void {
    if (piece === '') return;
    this.#events.count(piece.length);
    this.#events.tools.add(this.callOf(item), { arguments: item.arguments.add(piece) });
  }

  /** Number of the item's call, which begins with this. */
  callOf(item: Item): number {
    item.call ??= this.#events.tools.begin();
    return item.call;
  }
}
