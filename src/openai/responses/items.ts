import { CountedSaid, Said } from '../answer/said.ts';
import { tooLarge } from '../errors/faults.ts';
import { stringOr } from '../values/json-record.ts';
import { isCall } from './calls.ts';
import type { ItemPart, OutputItem, ResponsesEvent } from './event.ts';

export type Kind = 'message' | 'call' | 'reasoning';

/** More than any answer has; each takes memory of its own. */
export const MAX_ITEMS = 4_096;

/** Places in the output that items may have; servers that are wrong about them give one several. */
const MAX_PLACES = 2 * MAX_ITEMS;

/** One item of the output, as far as it has come. */
export interface Item {
  readonly kind: Kind;
  readonly text: CountedSaid;
  readonly refusal: Said;
  readonly reasoning: Said;
  readonly arguments: Said;
  /** Where the texts of its parts begin, by part. */
  readonly parts: Map<unknown, CountedSaid>;
  /** As much of its text or reasoning as was told of parts that are whole. */
  whole: number;
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
 * The items of the output, in the order in which they began. An item is known by its id, else by its place
 * in the output, else it is the last of its kind: places are missing, shared or wrong at some servers.
 */
export class ResponsesItems {
  readonly #items: Item[] = [];
  readonly #byId = new Map<string, Item>();
  readonly #byIndex = new Map<unknown, Item>();

  get all(): readonly Item[] {
    return this.#items;
  }

  /** The item of an event, begun if it is new. */
  of(event: ResponsesEvent, kind: Kind, item: OutputItem = {}, begins = false): Item {
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
    return this.#identify(this.begin(kind, item), id, index);
  }

  /** The item that has the id, or the call_id unless that is another call's, too. */
  #same(item: OutputItem, id: string, begins: boolean): Item | undefined {
    const known = this.known({ ...item, id });
    if (known === undefined || (id !== '' && this.#byId.get(id) === known)) return known;
    return isOther(known, id) || (begins && known.announced) ? undefined : known;
  }

  known(item: OutputItem): Item | undefined {
    const byId = this.#byId.get(stringOr(item.id));
    return byId ?? (item.call_id ? this.#byId.get(item.call_id) : undefined);
  }

  /** Which each message of a whole answer is: by its id, else the next that no id names, else a new one. */
  messagesOf(messages: readonly OutputItem[]) {
    const known = messages.map((message) => this.known(message));
    const free = this.#items.filter((item) => item.kind === 'message' && !known.includes(item));
    return messages.map((message, place) => {
      const named = known[place];
      const own = named?.kind === 'message' ? named : free.shift();
      return { message, item: own ?? this.begin('message', message) };
    });
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
      if (this.#byIndex.size > MAX_PLACES) throw tooLarge();
    }
    return item;
  }

  begin(kind: Kind, { call_id, phase }: OutputItem): Item {
    if (this.#items.length >= MAX_ITEMS) throw tooLarge();
    const item: Item = {
      kind,
      text: new CountedSaid(),
      refusal: new Said(),
      reasoning: new Said(),
      arguments: new Said(),
      parts: new Map(),
      whole: 0,
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
}

/** Undefined: it says nothing of its own. */
export function kindOf(item: OutputItem): Kind | undefined {
  if (isCall(item)) return 'call';
  return item.type === 'message' || item.type === 'reasoning' ? item.type : undefined;
}

function keyOf(what: string, place: unknown): string {
  return `${what} ${String(place)}`;
}

/** What has come of one part of an item. */
export function partOf(item: Item, what: string, place: unknown): CountedSaid {
  const key = keyOf(what, place);
  let part = item.parts.get(key);
  if (part === undefined) {
    part = new CountedSaid();
    item.parts.set(key, part);
  }
  return part;
}

/**
 * What of the whole of a part has not come. vLLM gives each piece a place of its own, as if it were a part, and
 * the whole one more: what has come since the last whole may be it, too.
 *
 * @param said the text or reasoning of the item
 */
export function restOf(
  item: Item,
  what: string,
  place: unknown,
  said: Said,
  whole: string,
): string {
  const known = partOf(item, what, place);
  const open = said.from(item.whole);
  const isOpen = open.length > known.length && whole.startsWith(open);
  if (isOpen) {
    item.parts.delete(keyOf(what, place));
    partOf(item, what, place).add(open);
  }
  const rest = isOpen ? whole.slice(open.length) : known.rest(whole);
  item.whole = said.length + rest.length;
  return rest;
}

/**
 * Whether the id is another item's. GitHub Copilot gives an item another id in each event: it has begun
 * and not ended then, which a server that shares places would have told of the other one, too.
 */
function isOther(item: Item, id: string): boolean {
  if (id === '' || item.id === '' || item.id === id) return false;
  return !item.announced || item.finished;
}

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
