import { randomBytes } from 'node:crypto';
import type { ToolCallDelta } from '../../core/events.ts';
import { isObject } from '../../core/is-object.ts';
import type { ToolCall, ToolKind } from '../../core/message.ts';
import { tooLarge } from '../errors/faults.ts';
import { malformed } from '../values/json-checks.ts';
import { CodePoints } from './code-points.ts';
import { JsonProgress } from './json-progress.ts';

/** More than any model calls in one answer; each takes memory of its own. */
const MAX_CALLS = 16_384;

/** More than any tool's name has. */
const MAX_NAME_LENGTH = 4 * 1024;

/** What a piece of a call says; what it leaves out it says nothing of. */
export interface ToolCallPiece {
  readonly id?: string;
  readonly name?: string;
  readonly wholeName?: boolean;
  readonly arguments?: string;
  /** Absent: a function. */
  readonly kind?: Exclude<ToolKind, 'function'>;
}

interface Draft {
  readonly characters: CodePoints;
  readonly progress: JsonProgress;
  /** The server's, which another call may have, too. */
  givenId: string;
  /** A later piece had another one. */
  changesId: boolean;
  /** Its own. */
  id: string;
  name: string;
  arguments: string;
  /** They begin as a JSON string: told at the end, when one sees what is in it. */
  isQuoted: boolean;
  /** What the arguments are if none come. */
  fallback: string;
  /** Id and name were told. */
  told: boolean;
  kind: ToolKind;
  providerData: string;
}

/**
 * The tool calls of one answer as they grow, by their place in the order in which they began, which
 * is the index of their deltas. Which piece belongs to which call is decided by whoever reads the API.
 *
 * The first delta of a call tells its id and name, once both are known: servers send either in pieces
 * or late. A call whose id never comes gets one.
 */
export class ToolCalls {
  readonly #emit: (delta: ToolCallDelta) => void;
  readonly #isTool: (name: string) => boolean;
  readonly #drafts: Draft[] = [];
  #byId: Map<string, number> | undefined;

  /** @param isTool whether the request has a tool of this name, which is then no piece of one */
  constructor(emit: (delta: ToolCallDelta) => void, isTool: (name: string) => boolean) {
    this.#emit = emit;
    this.#isTool = isTool;
  }

  get count(): number {
    return this.#drafts.length;
  }

  /** Place of the call with the id; undefined if there is none. */
  find(id: string): number | undefined {
    return this.#byId?.get(id);
  }

  /** As the server gave it first; empty if it has given none. */
  idOf(call: number): string {
    return this.#drafts[call]?.givenId ?? '';
  }

  /** Whether pieces of the call have had several ids. */
  changesId(call: number): boolean {
    return this.#drafts[call]?.changesId ?? false;
  }

  nameOf(call: number): string {
    return this.#drafts[call]?.name ?? '';
  }

  argumentsOf(call: number): string {
    return this.#drafts[call]?.arguments ?? '';
  }

  /** Its arguments are a whole JSON text. */
  isComplete(call: number): boolean {
    const draft = this.#drafts[call];
    // Where free text ends only the server knows.
    if (draft === undefined || draft.kind === 'custom') return false;
    if (draft.arguments === '') return draft.fallback !== '';
    return draft.progress.isComplete;
  }

  /** Whether the request has a tool of this name. */
  isTool(name: string): boolean {
    return this.#isTool(name);
  }

  /** Begins a call and returns its place. */
  begin(): number {
    if (this.#drafts.length >= MAX_CALLS) throw tooLarge();
    const last = this.#drafts.at(-1);
    // Nothing more comes of its name.
    if (last?.name && !last.told) this.#tell(last, this.#drafts.length - 1);
    this.#drafts.push({
      characters: new CodePoints(),
      progress: new JsonProgress(),
      givenId: '',
      changesId: false,
      id: '',
      name: '',
      arguments: '',
      isQuoted: false,
      fallback: '',
      told: false,
      kind: 'function',
      providerData: '',
    });
    return this.#drafts.length - 1;
  }

  /**
   * Adds to a call what a piece of it says.
   *
   * @param piece `name`: a piece of it, the name again, or all of it, if `wholeName` says so
   */
  add(call: number, piece: ToolCallPiece): void {
    const draft = this.#drafts[call];
    if (draft === undefined) return;
    if (piece.kind !== undefined && !draft.told) draft.kind = piece.kind;
    this.#addId(draft, call, piece.id ?? '');
    const isNamed = this.#addName(draft, piece);
    const fragment = draft.characters.add(piece.arguments ?? '');
    if (draft.arguments === '' && draft.kind === 'function')
      draft.isQuoted = fragment.startsWith('"');
    draft.arguments += fragment;
    draft.progress.append(fragment);
    if (draft.told) {
      if (fragment !== '' && !draft.isQuoted) this.#emit(delta(call, '', '', fragment));
    } else if (draft.id !== '' && draft.name !== '' && (isNamed || draft.arguments !== '')) {
      this.#tell(draft, call);
    }
  }

  /**
   * Servers may give each piece an id of its own: the first is the call's, all of them mean it. One
   * that is another call's already could not be answered.
   */
  #addId(draft: Draft, call: number, id: string): void {
    if (id === '') return;
    this.#byId ??= new Map();
    const owner = this.#byId.get(id) ?? call;
    this.#byId.set(id, owner);
    if (draft.givenId === '') draft.givenId = id;
    else if (draft.givenId !== id) draft.changesId = true;
    if (draft.id === '' && !draft.told) draft.id = owner === call ? id.toWellFormed() : newId();
  }

  /** Whether the name is whole now, as far as one can say. */
  #addName(draft: Draft, { name: piece = '', wholeName = false }: ToolCallPiece): boolean {
    const name = piece.toWellFormed();
    if (!draft.told && name !== '' && !(wholeName && draft.name !== '')) {
      if (name.startsWith(draft.name)) draft.name = name;
      else if (!this.isTool(draft.name)) draft.name += name;
      // It is looked up with each piece, all of it.
      if (draft.name.length > MAX_NAME_LENGTH) throw tooLarge();
    }
    return wholeName || this.isTool(draft.name);
  }

  /** Arguments that hold only if no others come. */
  setFallback(call: number, args: string): void {
    const draft = this.#drafts[call];
    if (draft !== undefined) draft.fallback = args;
  }

  /** What the next turn must bring back with the call. */
  setProviderData(call: number, data: string): void {
    const draft = this.#drafts[call];
    if (draft !== undefined) draft.providerData = data;
  }

  /** To be called before the end of an answer that is whole: nobody can answer a call of nothing. */
  throwIfNameless(): void {
    const isNameless = ({ name, kind }: Draft) => name === '' && kind === 'function';
    if (this.#drafts.some(isNameless)) throw malformed('a tool call has no name');
  }

  /** Emits what was held back until now. */
  end(): void {
    let looked = 0;
    this.#drafts.forEach((draft, call) => {
      let rest = draft.characters.end();
      if (draft.arguments + rest === '') rest = draft.fallback;
      draft.arguments += rest;
      if (draft.isQuoted) {
        draft.isQuoted = false;
        looked += draft.arguments.length;
        draft.arguments = objectIn(draft.arguments, looked <= MAX_LOOKED_AT);
        rest = draft.arguments;
      }
      if (!draft.told) this.#tell(draft, call);
      else if (rest !== '') this.#emit(delta(call, '', '', rest));
    });
  }

  get all(): ToolCall[] {
    return this.#drafts.map(({ id, name, arguments: args, kind, providerData }) => ({
      id,
      name: this.#meant(name),
      arguments: args,
      ...(kind !== 'function' && { kind }),
      ...(providerData !== '' && { providerData }),
    }));
  }

  /** The first delta: id, name, and the arguments that waited for them. */
  #tell(draft: Draft, call: number): void {
    draft.told = true;
    if (draft.id === '') {
      draft.id = newId();
      this.#byId ??= new Map();
      this.#byId.set(draft.id, call);
    }
    const args = draft.isQuoted ? '' : draft.arguments;
    const first = delta(call, draft.id, this.#meant(draft.name), args);
    this.#emit(draft.kind === 'function' ? first : { ...first, kind: draft.kind });
  }

  /**
   * The tool of the request that a name means: models say the namespace that they saw their tools in,
   * and servers of gpt-oss leave marks of its format behind the name. The name of no tool is told without the line
   * breaks that servers of GLM leave at its end (ml-explore/mlx-lm#1612): it would not be taken back with them.
   */
  #meant(name: string): string {
    if (this.isTool(name)) return name;
    const printable = name.replaceAll(/\p{Cc}+/gu, ' ').trim();
    const bare = printable.replace(/^(?:functions\.|default_api[.:])/, '').replace(/<\|.*$/s, '');
    return this.isTool(bare) ? bare : printable || name;
  }
}

/** Characters of an answer's arguments that were written twice of which it is looked whether they are an object. */
const MAX_LOOKED_AT = 256 * 1024;

/**
 * Arguments that are a JSON string of an object mean the object, which servers have written twice.
 *
 * @param isShort else what stands in braces counts as an object
 */
function objectIn(args: string, isShort: boolean): string {
  try {
    const inner: unknown = JSON.parse(args);
    if (typeof inner !== 'string') return args;
    const isOne = isShort
      ? isObject(JSON.parse(inner))
      : /^\s*\{/.test(inner) && inner.trimEnd().endsWith('}');
    return isOne ? inner : args;
  } catch {
    return args;
  }
}

function newId(): string {
  return `call_${randomBytes(12).toString('hex')}`;
}

function delta(index: number, id: string, name: string, argumentsFragment: string): ToolCallDelta {
  return { type: 'toolCallDelta', index, id, name, argumentsFragment };
}
