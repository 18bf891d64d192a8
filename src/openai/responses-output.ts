import type { ReasoningItem } from '../core/message.ts';
import { codePoints, toAnnotation } from './annotations.ts';
import type { AnswerEvents } from './answer-events.ts';
import { tooLarge } from './faults.ts';
import { type HostedOutput, isHosted } from './hosted-output.ts';
import { stringOr } from './json-record.ts';
import { toLayout } from './output-layout.ts';
import { toProviderData } from './provider-data.ts';
import { beginningOf, callIn, isCall } from './responses-calls.ts';
import type { ItemPart, OutputItem, ResponsesEvent } from './responses-event.ts';
import { Said } from './said.ts';

type Kind = 'message' | 'call' | 'reasoning';

/** More than any answer has; each takes memory of its own. */
const MAX_ITEMS = 16_384;

/** Between the parts of a summary, which are paragraphs with titles. */
const PARAGRAPH = '\n\n';

/** One item of the output, as far as it has come. */
interface Item {
  readonly kind: Kind;
  readonly text: Said;
  readonly refusal: Said;
  readonly reasoning: Said;
  readonly arguments: Said;
  /** Where the texts of its parts begin, by part. */
  readonly parts: Map<unknown, Said>;
  id: string;
  phase: string;
  /** Its reasoning comes as text or as summary; what comes first is told. */
  reasoningIn: 'text' | 'summary' | '';
  /** The part of the summary that came last. */
  summaryPart: unknown;
  /** Its place in the output, where the server tells it. */
  index: unknown;
  /** The server said that it begins. */
  announced: boolean;
  /** The server said that it is whole. */
  finished: boolean;
  /** Of a function call: its place among the calls. */
  call: number | undefined;
}

/**
 * What the model says in a Responses stream, item by item. The API says everything several times: in
 * deltas, in the finished part and item, in the finished answer. Each character is passed on once, as
 * early as it comes; servers that leave out the deltas, or all but the end, lose nothing.
 *
 * An item is known by its id, else by its place in the output, else it is the last of its kind:
 * places are missing, shared or wrong at some servers.
 */
export class ResponsesOutput {
  readonly #events: AnswerEvents;
  readonly #items: Item[] = [];
  readonly #byId = new Map<string, Item>();
  readonly #byIndex = new Map<unknown, Item>();
  readonly #reasoningItems = new Map<string, ReasoningItem>();

  readonly #annotations = new Set<string>();
  readonly #target: string;
  readonly #done: OutputItem[] = [];
  readonly hosted: HostedOutput;
  #answer: readonly OutputItem[] = [];

  /** @param target the upstream, which gets back what it asks for */
  constructor(events: AnswerEvents, hosted: HostedOutput, target: string) {
    this.#events = events;
    this.hosted = hosted;
    this.#target = target;
  }

  /** What the turn must bring back beside what it says. */
  get layout(): string {
    return toLayout(this.#target, this.#answer.length > 0 ? this.#answer : this.#done);
  }

  /** Sealed items, in the order in which they came. */
  get reasoningItems(): readonly ReasoningItem[] {
    return [...this.#reasoningItems.values()];
  }

  /** A piece of text, or with `whole` all of a part's. */
  text(event: ResponsesEvent, piece: string, whole: boolean): void {
    if (piece === '') return;
    const item = this.#itemOf(event, 'message');
    const part = this.#partOf(item, 'text', event.content_index ?? 0);
    this.#addText(item, part, whole ? part.rest(piece) : piece);
  }

  refusal(event: ResponsesEvent, piece: string, whole: boolean): void {
    if (piece === '') return;
    const item = this.#itemOf(event, 'message');
    const part = this.#partOf(item, 'refusal', event.content_index ?? 0);
    this.#addRefusal(item, part, whole ? part.rest(piece) : piece);
  }

  reasoning(event: ResponsesEvent, piece: string, whole: boolean): void {
    if (piece === '') return;
    const item = this.#itemOf(event, 'reasoning');
    this.#addReasoning(item, 'text', event.content_index ?? 0, piece, whole);
  }

  summary(event: ResponsesEvent, piece: string, whole: boolean): void {
    if (piece === '') return;
    const item = this.#itemOf(event, 'reasoning');
    this.#addReasoning(item, 'summary', event.summary_index ?? 0, piece, whole);
  }

  arguments(event: ResponsesEvent, piece: string, whole: boolean, toolKind?: 'custom'): void {
    if (piece === '') return;
    const item = this.#itemOf(event, 'call');
    const call = this.#callOf(item);
    if (toolKind !== undefined) this.#events.tools.add(call, { kind: toolKind });
    if (typeof event.name === 'string') {
      this.#events.tools.add(call, { name: event.name, wholeName: true });
    }
    this.#addArguments(item, whole ? item.arguments.rest(piece) : piece);
  }

  annotation(event: ResponsesEvent): void {
    const item = this.#itemOf(event, 'message');
    this.#annotate(item, event.content_index ?? 0, event.annotation_index ?? 0, event.annotation);
  }

  itemAdded(event: ResponsesEvent, item: OutputItem): void {
    if (isHosted(item)) this.hosted.begins(item);
    const kind = kindOf(item);
    if (kind === undefined) return;
    const added = this.#itemOf(event, kind, item, true);
    added.announced = true;
    if (kind !== 'call') return;
    // An empty object is some servers' place for arguments that are still to come.
    const { arguments: args, ...rest } = item;
    const awaits = args === '{}';
    if (awaits) this.#events.tools.setFallback(this.#callOf(added), args);
    this.#addCall(added, awaits ? rest : beginningOf(item));
  }

  itemDone(event: ResponsesEvent, item: OutputItem): void {
    if (this.#done.push(item) > MAX_ITEMS) throw tooLarge();
    if (isHosted(item)) this.hosted.ends(item);
    if (item.type === 'compaction') this.#keep(item);
    const kind = kindOf(item);
    if (kind === undefined) return;
    const finished = this.#itemOf(event, kind, item);
    this.#finish(finished, item);
    finished.finished = true;
  }

  /**
   * The answer as a whole, at its end. Neither its items nor their places need be those of the stream,
   * so what is missing of the text is found over all of it.
   */
  answerDone(items: readonly OutputItem[]): void {
    this.#answer = items;
    for (const item of items) {
      if (isHosted(item)) this.hosted.ends(item);
      if (item.type === 'compaction') this.#keep(item);
    }
    const messages = items.filter(({ type }) => type === 'message');
    this.#finishMessages(messages);
    const calls = items.filter(isCall);
    const identified = new Set(calls.map((call) => this.#known(call)));
    const whole = new Set<Item>();
    calls.forEach((call, place) => {
      const at = this.#callAt(place, call);
      const named = this.#known(call);
      // Calls that share a call_id are told apart by their places.
      const own = named !== undefined && !whole.has(named) ? named : undefined;
      const free = identified.has(at) ? undefined : at;
      const item = own ?? free ?? this.#begin('call', call);
      whole.add(item);
      this.#addCall(item, call);
    });
    const thoughts = this.#items.filter(({ kind }) => kind === 'reasoning');
    const thought = thoughts.some(({ reasoning }) => !reasoning.isEmpty);
    items
      .filter(({ type }) => type === 'reasoning')
      .forEach((item, place) => {
        const known = this.#known(item) ?? thoughts[place];
        if (known?.kind === 'reasoning') this.#finish(known, item);
        else if (!thought) this.#finish(this.#begin('reasoning', item), item);
        else this.#keep(item);
      });
  }

  #finishMessages(messages: readonly OutputItem[]): void {
    const whole = messages.map(({ content }) => textOf(content)).join('');
    const said = this.#items.map(({ text }) => text.text).join('');
    if (whole.startsWith(said)) {
      let skip = said.length;
      for (const message of messages) {
        const text = textOf(message.content);
        if (text.length > skip)
          this.#addText(this.#messageOf(message), undefined, text.slice(skip));
        skip = Math.max(skip - text.length, 0);
      }
    }
    for (const message of messages) this.#annotateAll(this.#messageOf(message), message.content);
    const refusal = messages.map(({ content }) => refusalOf(content)).join('');
    const refused = this.#items.map((item) => item.refusal.text).join('');
    const [last = {}] = messages.slice(-1);
    if (refusal.length > refused.length && refusal.startsWith(refused)) {
      this.#addRefusal(this.#messageOf(last), undefined, refusal.slice(refused.length));
    }
  }

  /** Each once, whether it comes by itself or with its part, item or answer. */
  #annotate(item: Item, place: unknown, index: unknown, raw: unknown): void {
    const key = `${this.#items.indexOf(item)} ${String(place)} ${String(index)}`;
    if (this.#annotations.has(key)) return;
    const annotation = toAnnotation(raw, this.#offsetOf(item, place));
    if (annotation === undefined) return;
    if (this.#annotations.size >= MAX_ITEMS) throw tooLarge();
    this.#annotations.add(key);
    this.#events.annotation(annotation);
  }

  #annotateAll(item: Item, parts: OutputItem['content']): void {
    if (!Array.isArray(parts)) return;
    parts.forEach(({ annotations }: ItemPart, place) => {
      if (!Array.isArray(annotations)) return;
      annotations.forEach((raw, index) => {
        this.#annotate(item, place, index, raw);
      });
    });
  }

  /** Code points of the answer's text before a part of an item; what was said on the way is none of it. */
  #offsetOf(item: Item, place: unknown): number {
    let offset = 0;
    for (const before of this.#items) {
      if (before === item) break;
      if (before.phase !== 'commentary') offset += codePoints(before.text.text);
    }
    for (let at = 0; at < Number(place); at += 1) {
      offset += codePoints(item.parts.get(`text ${at}`)?.text ?? '');
    }
    return offset;
  }

  #messageOf(message: OutputItem): Item {
    const known = this.#known(message);
    return known?.kind === 'message' ? known : this.#begin('message', message);
  }

  /** The call at the place among the calls, if it can be this one. */
  #callAt(place: number, call: OutputItem): Item | undefined {
    const item = this.#items.filter(({ kind }) => kind === 'call')[place];
    if (item?.call === undefined) return undefined;
    const before = this.#events.tools.nameOf(item.call);
    return before === '' || before === callIn(call).name ? item : undefined;
  }

  /** What the finished item says beyond what came of it. */
  #finish(item: Item, done: OutputItem): void {
    switch (item.kind) {
      case 'message':
        item.phase ||= stringOr(done.phase);
        this.#addText(item, undefined, item.text.rest(textOf(done.content)));
        this.#addRefusal(item, undefined, item.refusal.rest(refusalOf(done.content)));
        this.#annotateAll(item, done.content);
        break;
      case 'call':
        this.#addCall(item, done);
        break;
      case 'reasoning': {
        const text = textOf(done.content);
        const summary = (done.summary ?? []).map((part) => part.text ?? '').join(PARAGRAPH);
        const told = item.reasoningIn || (text !== '' ? 'text' : 'summary');
        const rest = item.reasoning.rest(told === 'text' ? text : summary);
        if (rest !== '') item.reasoningIn = told;
        this.#tellReasoning(item, rest);
        this.#keep(done);
        break;
      }
    }
  }

  #addText(item: Item, part: Said | undefined, piece: string): void {
    if (piece === '') return;
    part?.add(piece);
    this.#events.count(piece.length);
    this.#events.text(item.text.add(piece), item.phase);
  }

  #addRefusal(item: Item, part: Said | undefined, piece: string): void {
    if (piece === '') return;
    part?.add(piece);
    this.#events.count(piece.length);
    this.#events.refusal(item.refusal.add(piece));
  }

  #addReasoning(
    item: Item,
    told: 'text' | 'summary',
    place: unknown,
    piece: string,
    whole: boolean,
  ): void {
    if (item.reasoningIn !== '' && item.reasoningIn !== told) return;
    const part = this.#partOf(item, told, place);
    const more = whole ? part.rest(piece) : piece;
    if (more === '') return;
    const another = told === 'summary' && !item.reasoning.isEmpty && item.summaryPart !== place;
    item.reasoningIn = told;
    item.summaryPart = place;
    part.add(more);
    this.#tellReasoning(item, another ? PARAGRAPH + more : more);
  }

  #tellReasoning(item: Item, piece: string): void {
    if (piece === '') return;
    this.#events.count(piece.length);
    this.#events.reasoning(item.reasoning.add(piece));
  }

  #addCall(item: Item, done: OutputItem): void {
    const call = this.#callOf(item);
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

  #addArguments(item: Item, piece: string): void {
    if (piece === '') return;
    this.#events.count(piece.length);
    this.#events.tools.add(this.#callOf(item), { arguments: item.arguments.add(piece) });
  }

  #callOf(item: Item): number {
    item.call ??= this.#events.tools.begin();
    return item.call;
  }

  #partOf(item: Item, what: string, place: unknown): Said {
    const key = `${what} ${String(place)}`;
    let part = item.parts.get(key);
    if (part === undefined) {
      part = new Said();
      item.parts.set(key, part);
    }
    return part;
  }

  /** The item of an event, begun if it is new. */
  #itemOf(event: ResponsesEvent, kind: Kind, item: OutputItem = {}, begins = false): Item {
    const id = stringOr(item.id) || stringOr(event.item_id);
    const index = event.output_index;
    const byIndex = index == null ? undefined : this.#byIndex.get(index);
    const byId = this.#same(item, id, begins);
    // Some servers give every item the same id: a place of its own then tells them apart.
    const another =
      byId?.index != null &&
      index != null &&
      byId.index !== index &&
      (byId.finished || (byIndex?.kind === kind && byIndex.id === ''));
    if (byId?.kind === kind && !another) return this.#identify(byId, id, index);
    // A place that an item with another id has is shared; one without an id goes by its place.
    const shared = begins && (byIndex?.announced || byIndex?.id);
    if (byIndex?.kind === kind && !shared && !isOther(byIndex, id)) {
      return this.#identify(byIndex, id, index);
    }
    const last = index == null && !begins ? this.#last(kind) : undefined;
    if (last !== undefined && !isOther(last, id)) return this.#identify(last, id, index);
    return this.#identify(this.#begin(kind, item), id, index);
  }

  /** The item that has the id, or the call_id unless that is another call's, too. */
  #same(item: OutputItem, id: string, begins: boolean): Item | undefined {
    const known = this.#known({ ...item, id });
    if (known === undefined || (id !== '' && this.#byId.get(id) === known)) return known;
    return isOther(known, id) || (begins && known.announced) ? undefined : known;
  }

  #known(item: OutputItem): Item | undefined {
    const byId = this.#byId.get(stringOr(item.id));
    return byId ?? (item.call_id ? this.#byId.get(item.call_id) : undefined);
  }

  #last(kind: Kind): Item | undefined {
    const last = this.#items.at(-1);
    return last?.kind === kind ? last : undefined;
  }

  #identify(item: Item, id: string, index: unknown): Item {
    if (id !== '' && item.id === '') {
      item.id = id;
      this.#byId.set(id, item);
    }
    if (index != null) {
      item.index ??= index;
      this.#byIndex.set(index, item);
    }
    return item;
  }

  #begin(kind: Kind, { call_id, phase }: OutputItem): Item {
    if (this.#items.length >= MAX_ITEMS) throw tooLarge();
    const item: Item = {
      kind,
      text: new Said(),
      refusal: new Said(),
      reasoning: new Said(),
      arguments: new Said(),
      parts: new Map(),
      id: '',
      phase: stringOr(phase),
      reasoningIn: '',
      summaryPart: undefined,
      index: undefined,
      announced: false,
      finished: false,
      call: undefined,
    };
    this.#items.push(item);
    if (call_id && !this.#byId.has(call_id)) this.#byId.set(call_id, item);
    return item;
  }

  /** Reasoning that is not sealed cannot be handed back: the upstream has kept none of it. */
  #keep(item: OutputItem): void {
    const id = stringOr(item.id);
    const encryptedContent = stringOr(item.encrypted_content);
    if (encryptedContent === '') return;
    const summary = (item.summary ?? []).map(({ text }) => stringOr(text));
    const type = item.type === 'compaction' ? { type: item.type } : {};
    this.#reasoningItems.set(id, { id, encryptedContent, summary, ...type });
  }
}

/**
 * Whether the id is another item's. GitHub Copilot gives an item another id in each event: it has begun
 * and not ended then, which a server that shares places would have told of the other one, too.
 */
function isOther(item: Item, id: string): boolean {
  if (id === '' || item.id === '' || item.id === id) return false;
  return !item.announced || item.finished;
}

function kindOf(item: OutputItem): Kind | undefined {
  if (isCall(item)) return 'call';
  return item.type === 'message' || item.type === 'reasoning' ? item.type : undefined;
}

type Parts = readonly ItemPart[] | string | null | undefined;

function textOf(parts: Parts): string {
  if (typeof parts === 'string') return parts;
  return (parts ?? []).map(({ text }) => text ?? '').join('');
}

function refusalOf(parts: Parts): string {
  if (typeof parts === 'string') return '';
  return (parts ?? []).map(({ refusal }) => refusal ?? '').join('');
}
