import type { ReasoningItem } from '../../core/message.ts';
import type { AnswerEvents } from '../answer/events.ts';
import { tooLarge } from '../errors/faults.ts';
import { stringOr } from '../values/json-record.ts';
import { BroughtBack } from './brought-back.ts';
import { beginningOf, callIn, isCall } from './calls.ts';
import type { OutputItem, ResponsesEvent } from './event.ts';
import { type HostedOutput, isHosted, isStrange } from './hosted-output.ts';
import { ItemEvents, PARAGRAPH } from './item-events.ts';
import {
  type Item,
  kindOf,
  MAX_ITEMS,
  partOf,
  ResponsesItems,
  refusalOf,
  restOf,
  textOf,
} from './items.ts';
import { OutputAnnotations } from './output-annotations.ts';

/**
 * What the model says in a Responses stream, item by item. The API says everything several times: in
 * deltas, in the finished part and item, in the finished answer. Each character is passed on once, as
 * early as it comes; servers that leave out the deltas, or all but the end, lose nothing.
 */
export class ResponsesOutput {
  readonly #events: AnswerEvents;
  readonly #items = new ResponsesItems();
  readonly #annotations: OutputAnnotations;
  readonly #back: BroughtBack;
  readonly #say: ItemEvents;
  readonly hosted: HostedOutput;

  /** @param target the upstream, which gets back what it asks for */
  constructor(events: AnswerEvents, hosted: HostedOutput, target: string) {
    this.#events = events;
    this.#annotations = new OutputAnnotations(this.#items, events);
    this.#back = new BroughtBack(events, target);
    this.hosted = hosted;
    this.#say = new ItemEvents(events, target);
  }

  /** See BroughtBack. */
  get layout(): string {
    return this.#back.layout;
  }

  /** See BroughtBack. */
  get reasoningItems(): readonly ReasoningItem[] {
    return this.#back.reasoningItems;
  }

  /** A piece of text, or with `whole` all of a part's. */
  text(event: ResponsesEvent, piece: string, whole: boolean): void {
    if (piece === '') return;
    const item = this.#items.of(event, 'message');
    const place = event.content_index ?? 0;
    const more = whole ? restOf(item, 'text', place, item.text, piece) : piece;
    this.#say.text(item, partOf(item, 'text', place), more);
  }

  refusal(event: ResponsesEvent, piece: string, whole: boolean): void {
    if (piece === '') return;
    const item = this.#items.of(event, 'message');
    const part = partOf(item, 'refusal', event.content_index ?? 0);
    this.#say.refusal(item, part, whole ? part.rest(piece) : piece);
  }

  reasoning(event: ResponsesEvent, piece: string, whole: boolean): void {
    if (piece === '') return;
    const item = this.#items.of(event, 'reasoning');
    this.#say.reasoning(item, 'text', event.content_index ?? 0, piece, whole);
  }

  summary(event: ResponsesEvent, piece: string, whole: boolean): void {
    if (piece === '') return;
    const item = this.#items.of(event, 'reasoning');
    this.#say.reasoning(item, 'summary', event.summary_index ?? 0, piece, whole);
  }

  arguments(event: ResponsesEvent, piece: string, whole: boolean, toolKind?: 'custom'): void {
    if (piece === '') return;
    const item = this.#items.of(event, 'call');
    const call = this.#say.callOf(item);
    // Some gateways say arguments twice, or a bracket more than there is to close.
    if (!whole && !item.arguments.isEmpty && this.#events.tools.isComplete(call)) return;
    if (toolKind !== undefined) this.#events.tools.add(call, { kind: toolKind });
    if (typeof event.name === 'string') {
      this.#events.tools.add(call, { name: event.name, wholeName: true });
    }
    this.#say.arguments(item, whole ? item.arguments.rest(piece) : piece);
  }

  annotation(event: ResponsesEvent): void {
    const item = this.#items.of(event, 'message');
    this.#annotations.add(
      item,
      event.content_index ?? 0,
      event.annotation_index ?? 0,
      event.annotation,
    );
  }

  itemAdded(event: ResponsesEvent, item: OutputItem): void {
    if (isHosted(item)) this.hosted.begins(item, event.output_index);
    const kind = kindOf(item);
    if (kind === undefined) return;
    const added = this.#items.of(event, kind, item, true);
    added.announced = true;
    if (kind !== 'call') return;
    // An empty object is some servers' place for arguments that are still to come.
    const { arguments: args, ...rest } = item;
    const awaits = args === '{}';
    if (awaits) this.#events.tools.setFallback(this.#say.callOf(added), args);
    this.#say.call(added, awaits ? rest : beginningOf(item));
  }

  itemDone(event: ResponsesEvent, item: OutputItem): void {
    this.#back.itemDone(item);
    if (isHosted(item) || isStrange(item)) this.hosted.ends(item, event.output_index);
    const kind = kindOf(item);
    if (kind === undefined) return;
    const finished = this.#items.of(event, kind, item);
    this.#finish(finished, item);
    finished.finished = true;
  }

  /**
   * The answer as a whole, at its end. Neither its items nor their places need be those of the stream,
   * so what is missing of the text is found over all of it.
   *
   * @param text of all of it, which counts where no message is among the items
   */
  answerDone(items: readonly OutputItem[], text = ''): void {
    if (items.length > MAX_ITEMS) throw tooLarge();
    this.#back.answerDone(items);
    this.hosted.answerDone(items);
    const messages = items.filter(({ type }) => type === 'message');
    const untold = messages.length === 0 && text !== '';
    this.#finishMessages(untold ? [{ type: 'message', content: text }] : messages);
    const calls = items.filter(isCall);
    const identified = new Set(calls.map((call) => this.#items.known(call)));
    const whole = new Set<Item>();
    calls.forEach((call, place) => {
      const at = this.#callAt(place, call);
      const named = this.#items.known(call);
      // Calls that share a call_id are told apart by their places.
      const own = named !== undefined && !whole.has(named) ? named : undefined;
      const free = identified.has(at) ? undefined : at;
      const item = own ?? free ?? this.#items.begin('call', call);
      whole.add(item);
      this.#say.call(item, call);
    });
    const thoughts = this.#items.all.filter(({ kind }) => kind === 'reasoning');
    const thought = thoughts.some(({ reasoning }) => !reasoning.isEmpty);
    items
      .filter(({ type }) => type === 'reasoning')
      .forEach((item, place) => {
        const known = this.#items.known(item) ?? thoughts[place];
        if (known?.kind === 'reasoning') this.#finish(known, item);
        else if (!thought) this.#finish(this.#items.begin('reasoning', item), item);
      });
  }

  #finishMessages(messages: readonly OutputItem[]): void {
    const whole = messages.map(({ content }) => textOf(content)).join('');
    const said = this.#items.all.map(({ text }) => text.text).join('');
    const finished = this.#items.messagesOf(messages);
    if (whole.startsWith(said)) {
      let skip = said.length;
      for (const { item, message } of finished) {
        const text = textOf(message.content);
        this.#say.text(item, undefined, text.slice(skip));
        skip = Math.max(skip - text.length, 0);
      }
    }
    for (const { item, message } of finished) this.#annotations.addAll(item, message.content);
    const refusal = messages.map(({ content }) => refusalOf(content)).join('');
    const refused = this.#items.all.map((item) => item.refusal.text).join('');
    const last = finished.at(-1);
    if (last && refusal.startsWith(refused)) {
      this.#say.refusal(last.item, undefined, refusal.slice(refused.length));
    }
  }

  /** The call at the place among the calls, if it can be this one. */
  #callAt(place: number, call: OutputItem): Item | undefined {
    const item = this.#items.all.filter(({ kind }) => kind === 'call')[place];
    if (item?.call === undefined) return undefined;
    const before = this.#events.tools.nameOf(item.call);
    return before === '' || before === callIn(call).name ? item : undefined;
  }

  /** What the finished item says beyond what came of it. */
  #finish(item: Item, done: OutputItem): void {
    switch (item.kind) {
      case 'message':
        item.phase ||= stringOr(done.phase);
        this.#say.text(item, undefined, item.text.rest(textOf(done.content)));
        this.#say.refusal(item, undefined, item.refusal.rest(refusalOf(done.content)));
        this.#annotations.addAll(item, done.content);
        break;
      case 'call':
        this.#say.call(item, done);
        break;
      case 'reasoning': {
        const text = textOf(done.content);
        const summary = (done.summary ?? []).map((part) => part.text ?? '').join(PARAGRAPH);
        const told = item.reasoningIn || (text !== '' ? 'text' : 'summary');
        const rest = item.reasoning.rest(told === 'text' ? text : summary);
        if (rest !== '') item.reasoningIn = told;
        this.#say.moreReasoning(item, rest);
        break;
      }
    }
  }
}
