import type { ToolCallPiece, ToolCalls } from '../answer/tool-calls.ts';

/** A piece of a tool call of Chat Completions, as loosely as servers are known to send it. */
export interface ToolCallFragment {
  readonly index?: number | string | null;
  readonly id?: string | null;
  readonly function?: {
    readonly name?: string | null;
    readonly arguments?: string | null;
    /** An empty object stood in the place of the arguments: there are none, or they are still to come. */
    readonly withoutArguments?: boolean;
  } | null;
  /** Of a custom tool, in the place of the function. */
  readonly custom?: { readonly name?: string | null; readonly input?: string | null } | null;
  readonly extra_content?: unknown;
}

/** What a fragment says, whatever kind of tool it is for. */
export function saidIn({ id, function: called, ...fragment }: ToolCallFragment): ToolCallPiece & {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
} {
  // Snowflake sends an empty one beside the function.
  const isCustom = !called || fragment.custom?.name || fragment.custom?.input;
  const custom = isCustom ? fragment.custom : undefined;
  return {
    id: id ?? '',
    name: (custom ?? called)?.name ?? '',
    arguments: (custom ? custom.input : called?.arguments) ?? '',
    ...(custom && { kind: 'custom' }),
  };
}

/**
 * Decides which call a fragment goes on with. OpenAI numbers calls and tells id and name once; other
 * servers number all calls 0, or none, repeat ids and names, change the id with every fragment, send
 * names in pieces or leave ids out.
 *
 * What holds for all of them: a fragment goes on with the call of its number, else of its id, else
 * with the last one, unless it brings a name and that call has one and is whole already.
 */
export class ChatToolCalls {
  readonly #calls: ToolCalls;
  /** The last call of each of the upstream's numbers. */
  #byIndex: Map<number | string, number> | undefined;
  /** A name that came alone, behind whole arguments: the begin of the next call, or the same again. */
  #waiting: { readonly at: number; readonly id: string; readonly name: string } | undefined;
  /** Calls whose fragments say all arguments so far. */
  #cumulative: Set<number> | undefined;

  constructor(calls: ToolCalls) {
    this.#calls = calls;
  }

  /** The place of the call; undefined if the fragment says nothing yet. */
  add(fragment: ToolCallFragment): number | undefined {
    const piece = saidIn(fragment);
    const { id, name, arguments: args } = piece;
    const index = fragment.index ?? undefined;
    const known = this.#known(index, id, name);
    const call = this.#choose(known, id, name, args);
    if (call === undefined) return undefined;
    if (index !== undefined) {
      this.#byIndex ??= new Map();
      this.#byIndex.set(index, call);
    }
    const more = piece.kind === 'custom' ? args : this.#more(call, args);
    this.#calls.add(call, more === args ? piece : { ...piece, arguments: more });
    if (fragment.function?.withoutArguments) this.#calls.setFallback(call, '{}');
    return call;
  }

  /**
   * What a fragment says that did not come before. Gateways sum a call up behind its pieces, and some servers say
   * all arguments so far each time.
   */
  #more(call: number, args: string): string {
    const before = this.#calls.argumentsOf(call);
    if (args === '' || before === '' || args.length < before.length) return args;
    if (this.#calls.isComplete(call)) {
      return args === before || args === JSON.stringify(before) ? '' : args;
    }
    const isKnown = this.#cumulative?.has(call) ?? false;
    if (!args.startsWith(before) || !(isKnown || isNoBeginOf(args, before))) return args;
    this.#cumulative ??= new Set();
    this.#cumulative.add(call);
    return args.slice(before.length);
  }

  /**
   * A call as a whole, of which deltas may have come before.
   *
   * @param place in the list of whole calls
   * @returns its place; undefined if it says nothing
   */
  addWhole(fragment: ToolCallFragment, place: number): number | undefined {
    const piece = saidIn(fragment);
    const { id, name, arguments: args } = piece;
    if (id === '' && name === '' && args === '') return undefined;
    const call = this.#whole(id, name, place);
    const before = this.#calls.argumentsOf(call);
    const rest = args.startsWith(before) ? args.slice(before.length) : '';
    this.#calls.add(call, { ...piece, wholeName: true, arguments: rest });
    if (fragment.function?.withoutArguments) this.#calls.setFallback(call, '{}');
    return call;
  }

  #whole(id: string, name: string, place: number): number {
    const known = id === '' ? undefined : this.#calls.find(id);
    if (known !== undefined) return known;
    const there = place < this.#calls.count ? place : undefined;
    if (there !== undefined && this.#calls.nameOf(there) === name) return there;
    return this.#calls.begin();
  }

  /** The call that the fragment belongs to if it begins none. */
  #known(index: number | string | undefined, id: string, name: string): number | undefined {
    const last = this.#calls.count === 0 ? undefined : this.#calls.count - 1;
    if (index !== undefined) return this.#numbered(index, id);
    if (id === '') return last;
    const known = this.#calls.find(id);
    if (known !== undefined || last === undefined) return known;
    // An id that is new: of the next call, unless it only comes late or changes with every fragment.
    return name === '' || this.#calls.idOf(last) === '' ? last : undefined;
  }

  /** Where all calls have one number, the id of an earlier one goes on with that. */
  #numbered(index: number | string, id: string): number | undefined {
    const call = this.#byIndex?.get(index);
    if (call === undefined || id === '' || this.#calls.idOf(call) === id) return call;
    return this.#calls.find(id) ?? call;
  }

  /** The place of the call, begun if need be; undefined if the fragment says nothing. */
  #choose(known: number | undefined, id: string, name: string, args: string): number | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (known === undefined) {
      // Some servers send every field, whether there is a call or not.
      if (id === '' && name === '' && args === '') return undefined;
      // A number that nobody announced: arguments alone go on with what is not whole.
      const last = this.#calls.count - 1;
      const goesOn = id === '' && name === '' && last >= 0 && !this.#calls.isComplete(last);
      return goesOn ? last : this.#calls.begin();
    }
    if (name === '') {
      if (waiting?.at === known && args !== '') return this.#beginWaiting(waiting);
      return known;
    }
    const before = this.#calls.nameOf(known);
    if (before === '' || !this.#begins(known, id, name, args)) return known;
    const again = before === name && args === '' && this.#calls.isComplete(known);
    return again ? this.#again(known, id, name) : this.#calls.begin();
  }

  /** The place of a call whose name comes again behind its arguments; undefined if that says nothing yet. */
  #again(known: number, id: string, name: string): number | undefined {
    // The id comes at last.
    if (id !== '' && this.#calls.idOf(known) === '') return known;
    const isNew = id !== '' && this.#calls.find(id) === undefined;
    if (isNew && !this.#calls.changesId(known)) return this.#calls.begin();
    // Some servers say id and name again with the last, empty fragment, be it another id each time.
    this.#waiting = { at: known, id, name };
    return undefined;
  }

  #begins(known: number, id: string, name: string, args: string): boolean {
    const before = this.#calls.nameOf(known);
    if (id !== '' && this.#calls.find(id) === known) return false;
    if (this.#calls.isComplete(known)) return before !== name || args === '' || args.trim() !== '';
    // Two names that the request knows are two calls; what it does not know may be pieces of one.
    if (before !== name && this.#calls.isTool(before)) return this.#calls.isTool(name);
    const other = this.#calls.idOf(known);
    if (id === '' || other === '' || other === id) return false;
    // The same name under another id: some servers say both with every fragment.
    return before !== name || (args === '' && this.#calls.argumentsOf(known) === '');
  }

  #beginWaiting({ id, name }: { readonly id: string; readonly name: string }): number {
    const call = this.#calls.begin();
    this.#calls.add(call, { id, name });
    return call;
  }
}

/** Characters of names and arguments. */
export function lengthOfCalls(fragments: readonly ToolCallFragment[]): number {
  let length = 0;
  for (const fragment of fragments) {
    const { name, arguments: args } = saidIn(fragment);
    length += name.length + args.length;
  }
  return length;
}

/** Whether an object that begins like this cannot go on with another that begins so, too. */
function isNoBeginOf(another: string, begin: string): boolean {
  return another.length > begin.length && begin.startsWith('{') && !/[:[,]\s*$/.test(begin);
}
