/** The text of an event that has nothing else of the answer, but perhaps a `sequence_number`. */
export interface Repeatable {
  readonly field: TextField;
  /** What was read there. */
  readonly text: string;
}

/** Where the APIs have the text of an event. */
export type TextField = 'content' | 'reasoning_content' | 'reasoning' | 'arguments' | 'delta';

/** What the events of the last answers of one upstream were like: those of the next are nearly always so. */
export class UsualEvents {
  readonly #shapes: Shape[] = [];

  /** The last that was learned first. */
  get shapes(): readonly Shape[] {
    return this.#shapes;
  }

  add(shape: Shape): void {
    this.#shapes.unshift(shape);
    if (this.#shapes.length > USUAL) this.#shapes.pop();
  }
}

/**
 * Finds the events of one stream that are as the last but for one text, as nearly all of an answer are, in the
 * bytes. What such an event is like is learned from one that was parsed and checked. The next need not be: the
 * same JSON with another text in the same place is the same value with another text in it.
 *
 * Beside the text, a `sequence_number` may differ, and what nobody reads: `created`, `obfuscation`, and the `id` that
 * an event begins with, of which the first of an answer is read.
 */
export class RepeatedEvent {
  readonly #usual: UsualEvents;
  /** Of the event that was found last, its escapes resolved. */
  text = '';
  /** Of the same event; undefined: it has none. */
  sequence: number | undefined;
  #shape: Shape | undefined;
  /** No event was found to be so yet, and perhaps none will be: it may hold more of the answer, as probabilities. */
  #isNew = false;
  /** Events that were read otherwise since one was found. */
  #passed = 0;

  /** @param usual what is learned here and found again is added to it. Default: nothing is known */
  constructor(usual = new UsualEvents()) {
    this.#usual = usual;
  }

  /** @returns where such an event ends that begins at `from`; -1: another stands there, or not all of it. */
  find(bytes: Buffer, from: number): number {
    if (this.#shape === undefined) return -1;
    const { start, holes } = this.#shape;
    let at = behind(bytes, from, start);
    for (let i = 0; i < holes.length && at !== -1; i += 1) {
      const { kind, next } = holes[i] as Hole;
      const end = isText(kind) ? endOfText(bytes, at) : endOfNumber(bytes, at);
      if (end === -1 || !this.#take(kind, bytes, at, end)) return -1;
      at = behind(bytes, end, next);
    }
    if (at === -1) return -1;
    this.#passed = FIRST;
    if (this.#isNew) this.#usual.add(this.#shape);
    this.#isNew = false;
    return at;
  }

  /**
   * Another event was read.
   *
   * @returns whether it is worth learning
   */
  passed(): boolean {
    this.#shape = undefined;
    this.#isNew = false;
    this.sequence = undefined;
    this.#passed += 1;
    return this.#passed <= LAST && (this.#passed >= FIRST || this.#usual.shapes.length > 0);
  }

  /** @param event the one that was read last: all its bytes, and the empty line behind it */
  learn(event: Buffer, { field, text }: Repeatable): void {
    if (event.length > MAX_BYTES) return;
    for (const shape of this.#usual.shapes) {
      if (shape.field === field && this.#isLike(shape, event, text)) return;
    }
    if (this.#passed < FIRST) return;
    this.#shape = shapeOf(event, field, text);
    this.#isNew = this.#shape !== undefined;
  }

  /** Whether the event is so with this text; then the next may be. */
  #isLike(shape: Shape, event: Buffer, text: string): boolean {
    const passed = this.#passed;
    this.#shape = shape;
    if (this.find(event, 0) === event.length && this.text === text) return true;
    this.#shape = undefined;
    this.sequence = undefined;
    this.#passed = passed;
    return false;
  }

  /** Whether the bytes are what JSON allows there. */
  #take(kind: Kind, bytes: Buffer, start: number, end: number): boolean {
    if (kind === 'text') {
      const text = textOf(bytes, start, end);
      if (text === undefined) return false;
      this.text = text;
    } else if (kind === 'padding' || kind === 'id') {
      return !hasEscape(bytes, start, end);
    } else if (kind === 'sequence') {
      this.sequence = Number(bytes.toString('latin1', start, end));
    }
    return true;
  }
}

type Kind = 'text' | 'id' | 'padding' | 'sequence' | 'time';

/** An event without the values that differ. Those of strings stand between quotes that are part of it. */
interface Shape {
  readonly field: TextField;
  readonly start: Buffer;
  readonly holes: readonly Hole[];
}

interface Hole {
  readonly kind: Kind;
  /** What follows the value. */
  readonly next: Buffer;
}

/** Fields whose values may differ beside the text. */
const KINDS: Readonly<Record<string, Kind>> = {
  id: 'id',
  obfuscation: 'padding',
  sequence_number: 'sequence',
  created: 'time',
};

/** Events with a piece of text are shorter. */
const MAX_BYTES = 4_096;

/** Of a short answer nothing is learned that is not known: it would cost as much as it saves. */
const FIRST = 4;

/** A server whose events differ in more is soon left alone. */
const LAST = 12;

/** That are known of an upstream: those of a few models, of text and of arguments. */
const USUAL = 4;

/**
 * A string or a whole number, and the name in front of it. Behind a bracket or a comma this is a name, and
 * no part of a text: its first quote would end the text, and no colon could follow the second.
 */
const VALUE =
  /[{,]\s*"(id|content|reasoning_content|reasoning|arguments|delta|obfuscation|sequence_number|created)"\s*:\s*("(?:[^"\\]|\\.)*"|(?:0|[1-9]\d{0,14})(?=\s*[,}]))/g;

/** Undefined: which value is the text cannot be told for sure. */
function shapeOf(event: Buffer, field: TextField, text: string): Shape | undefined {
  // A character for each byte.
  const json = event.toString('latin1');
  const begin = json.indexOf('{');
  const same: string[] = [];
  const kinds: Kind[] = [];
  let from = 0;
  for (const { 0: match, 1: name = '', 2: literal = '', index } of json.matchAll(VALUE)) {
    const kind = name === field ? 'text' : kindOf(name, index === begin);
    if (kind === undefined) continue;
    // Of a name that comes twice not all are read.
    if (kinds.includes(kind) || literal.startsWith('"') !== isText(kind)) return undefined;
    const quote = isText(kind) ? 1 : 0;
    const end = index + match.length - quote;
    const start = index + match.length - literal.length + quote;
    if (kind === 'text' && textOf(event, start, end) !== text) return undefined;
    same.push(json.slice(from, start));
    kinds.push(kind);
    from = end;
  }
  same.push(json.slice(from));
  // A name with an escape may be one of those that are looked for.
  if (!kinds.includes('text') || same.some((part) => part.includes('\\'))) return undefined;
  // Not Buffer.from: what is kept for long must not keep a block that others are cut from.
  const [start = EMPTY, ...rest] = same.map((part) => Buffer.alloc(part.length, part, 'latin1'));
  return { field, start, holes: kinds.map((kind, i) => ({ kind, next: rest[i] ?? EMPTY })) };
}

/** An id that stands elsewhere than at the begin is that of a call. */
function kindOf(name: string, isFirst: boolean): Kind | undefined {
  return name === 'id' && !isFirst ? undefined : KINDS[name];
}

const EMPTY = Buffer.alloc(0);

function isText(kind: Kind): boolean {
  return kind === 'text' || kind === 'padding' || kind === 'id';
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const ZERO = 0x30;
const NINE = 0x39;

/** To call what compares many bytes costs as much as to look at nearly so many here. */
const MANY = 128;

/** Where `part` ends that begins at `from`; -1: other bytes stand there. */
function behind(bytes: Buffer, from: number, part: Buffer): number {
  const end = from + part.length;
  if (end > bytes.length) return -1;
  if (part.length >= MANY) return bytes.compare(part, 0, part.length, from, end) === 0 ? end : -1;
  for (let i = 0; i < part.length; i += 1) {
    if (bytes[from + i] !== part[i]) return -1;
  }
  return end;
}

/** Where the quote stands that ends a text; -1: it is none, or not all of it is there. */
function endOfText(bytes: Buffer, start: number): number {
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) return at;
    if (byte < SPACE) return -1;
    if (byte === BACKSLASH) at += 1;
  }
  return -1;
}

/** Behind the digits of a whole number; -1: there is none, or one that need not be exact. */
function endOfNumber(bytes: Buffer, start: number): number {
  let end = start;
  for (let byte = bytes[end] ?? 0; byte >= ZERO && byte <= NINE; byte = bytes[end] ?? 0) end += 1;
  const digits = end - start;
  const isWhole = digits === 1 || (digits > 1 && bytes[start] !== ZERO);
  return isWhole && digits <= 15 ? end : -1;
}

/** The text that is so written between the quotes; undefined: none is. */
function textOf(bytes: Buffer, start: number, end: number): string | undefined {
  const literal = bytes.toString('utf8', start, end);
  if (!hasEscape(bytes, start, end)) return literal;
  try {
    return JSON.parse(`"${literal}"`);
  } catch {
    return undefined;
  }
}

function hasEscape(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (bytes[at] === BACKSLASH) return true;
  return false;
}
