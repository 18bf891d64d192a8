import { ProviderError } from '../../core/errors.ts';
import { StrayErrors } from '../errors/in-answer.ts';
import { ByteBuffer } from '../http/byte-buffer.ts';
import { isTooMuch } from '../values/json-checks.ts';
import { Occurrences } from './occurrences.ts';

/**
 * `name` is empty for an event without an `event:` field.
 *
 * @param read that the event stands in, from `start` until `end`, where the empty line behind it ends; undefined: it
 *   came in several
 */
export type SseListener = (
  name: string,
  data: string,
  read?: Buffer,
  start?: number,
  end?: number,
) => void;

/** Reads an event that begins at `start`; returns where it ends, or -1 if it was not read. */
export type SseShortcut = (bytes: Buffer, start: number) => number;

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const OBJECT = 0x7b;
const LIST = 0x5b;
/** What a further line of an event takes beside its text, in bytes: empty ones fill memory, too. */
const LINE_BYTES = 64;
/** No event is named longer; one that is, is read by its data. */
const MAX_NAME_BYTES = 256;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const DATA = Buffer.from('data');
const EVENT = Buffer.from('event');

/**
 * Splits an event stream into events, after https://html.spec.whatwg.org/multipage/server-sent-events.html.
 * Lines are found in the bytes and decoded whole, so a character split between two reads is safe.
 * Other than there, what stands unfinished at a clean end is an event: servers forget its last line. JSON behind
 * JSON that is whole is an event of its own, for some forget the empty line, and data that begin with a colon are a
 * comment that a gateway has put behind `data:`, as another one puts `data:` itself.
 * `id:` and `retry:` are of no use here.
 */
export class SseParser {
  readonly #onEvent: SseListener;
  readonly #maxEventBytes: number;
  /** The begin of a line whose end was not yet read. */
  readonly #partial = new ByteBuffer();
  #name = '';
  #data: string | undefined;
  /** The lines behind the first. Not a text that grows: half a million of them kept the garbage collector busy. */
  #more: string[] = [];
  #eventBytes = 0;
  #atStart = true;
  readonly #stray = new StrayErrors();
  /** The last read ended in a CR, so that a LF at the begin of the next belongs to it. */
  #skipLf = false;
  readonly #shortcut: SseShortcut | undefined;

  /**
   * @param maxEventBytes of the lines of one event, or of one line
   * @param shortcut is asked at the begin of every event
   */
  constructor(maxEventBytes: number, onEvent: SseListener, shortcut?: SseShortcut) {
    this.#maxEventBytes = maxEventBytes;
    this.#onEvent = onEvent;
    this.#shortcut = shortcut;
  }

  /**
   * Takes the next bytes, which it may keep but does not change.
   *
   * @throws ProviderError SERVICE_UNAVAILABLE if an event is too large, and what the listener throws
   */
  feed(chunk: Buffer): void {
    if (chunk.length === 0) return;
    let start = this.#skipLf && chunk[0] === LF ? 1 : 0;
    this.#skipLf = chunk[chunk.length - 1] === CR;
    if (this.#isBetweenEvents) start = this.#skim(chunk, start);
    if (start < chunk.length) this.#lines(chunk, start);
  }

  /** Returns where an event begins that the shortcut does not read. */
  #skim(chunk: Buffer, start: number): number {
    let at = start;
    for (let end = at; end !== -1; end = this.#shortcut?.(chunk, at) ?? -1) at = end;
    return at;
  }

  #lines(chunk: Buffer, from: number): void {
    const lf = new Occurrences(chunk, LF);
    const cr = new Occurrences(chunk, CR);
    let start = from;
    let event = this.#isBetweenEvents ? start : -1;
    for (;;) {
      const end = Math.min(lf.from(start), cr.from(start));
      if (end === chunk.length) break;
      const next = end + (chunk[end] === CR && chunk[end + 1] === LF ? 2 : 1);
      if (end > start || this.#partial.length > 0) {
        this.#endLine(chunk, start, end);
        start = next;
      } else {
        this.#atStart = false;
        this.#dispatch(event === -1 ? undefined : chunk, event, next);
        start = this.#skim(chunk, next);
        event = start;
      }
    }
    if (start < chunk.length) this.#keep(chunk, start, chunk.length);
  }

  get #isBetweenEvents(): boolean {
    return this.#data === undefined && this.#name === '' && this.#partial.length === 0;
  }

  /** Bytes of an event that is not whole. */
  get kept(): number {
    return this.#eventBytes + this.#partial.length;
  }

  /** Nothing that is kept is of use any more. */
  clear(): void {
    this.#partial.clear();
  }

  /** The stream ended: the last line and the last event need no end of their own. */
  end(): void {
    if (this.#partial.length > 0) {
      const line = this.#partial.take();
      this.#line(line, 0, line.length);
    }
    this.#dispatch();
  }

  #endLine(chunk: Buffer, start: number, end: number): void {
    if (this.#partial.length === 0) {
      this.#line(chunk, start, end);
      return;
    }
    this.#keep(chunk, start, end);
    const line = this.#partial.take();
    this.#line(line, 0, line.length);
    this.#partial.clear();
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    this.#claim(this.#partial.length + end - start);
    this.#partial.append(chunk, start, end);
  }

  #line(bytes: Buffer, start: number, end: number): void {
    let from = start;
    if (this.#atStart) {
      this.#atStart = false;
      if (startsWith(bytes, start, end, BYTE_ORDER_MARK)) from += BYTE_ORDER_MARK.length;
    }
    if (from === end) this.#dispatch();
    else if (hasField(bytes, from, end, DATA)) {
      let value = valueStart(bytes, from + DATA.length, end);
      while (bytes[value] === DATA[0] && isDataAgain(bytes, value, end)) {
        value = valueStart(bytes, value + DATA.length, end);
      }
      this.#addData(bytes, value, end);
    } else if (hasField(bytes, from, end, EVENT)) {
      const name = valueStart(bytes, from + EVENT.length, end);
      this.#name = end - name > MAX_NAME_BYTES ? '' : bytes.toString('utf8', name, end);
    } else if (this.#stray.mayTake(bytes[from], end - from)) {
      const error = this.#stray.add(bytes.toString('utf8', from, end));
      if (error !== undefined) this.#onEvent('error', error);
    }
  }

  #addData(bytes: Buffer, start: number, end: number): void {
    if (this.#data === undefined && bytes[start] === COLON && start < end) return;
    if (this.#forgotItsEnd(bytes[start])) this.#dispatch();
    const cost = end - start + (this.#data === undefined ? 0 : LINE_BYTES);
    this.#claim(cost);
    this.#eventBytes += cost;
    const value = bytes.toString('utf8', start, end);
    if (this.#data === undefined) this.#data = value;
    else this.#more.push(value);
  }

  /** Whether an event without a name is whole, although its empty line has not come. */
  #forgotItsEnd(next: number | undefined): boolean {
    if (this.#data === undefined || this.#name !== '' || this.#more.length > 0) return false;
    return (next === OBJECT || next === LIST) && isWholeJson(this.#data);
  }

  #dispatch(read?: Buffer, start?: number, end?: number): void {
    const name = this.#name;
    const more = this.#more;
    const data = more.length === 0 ? this.#data : `${this.#data}\n${more.join('\n')}`;
    this.#name = '';
    this.#data = undefined;
    if (more.length > 0) this.#more = [];
    this.#eventBytes = 0;
    if (data !== undefined) this.#onEvent(name, data, read, start, end);
  }

  #claim(bytes: number): void {
    if (this.#eventBytes + bytes <= this.#maxEventBytes) return;
    throw new ProviderError('SERVICE_UNAVAILABLE', {
      message: 'The upstream sent an event that is too large.',
      unreadable: true,
    });
  }
}

function startsWith(bytes: Buffer, start: number, end: number, prefix: Buffer): boolean {
  if (end - start < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) {
    if (bytes[start + i] !== prefix[i]) return false;
  }
  return true;
}

/** Whether the line is `field` alone or goes on with a colon: `database: x` is another field. */
function hasField(bytes: Buffer, start: number, end: number, field: Buffer): boolean {
  const after = start + field.length;
  return startsWith(bytes, start, end, field) && (after === end || bytes[after] === COLON);
}

/** Whether the value is `data:` and what that holds. */
function isDataAgain(bytes: Buffer, start: number, end: number): boolean {
  const colon = start + DATA.length;
  return colon < end && hasField(bytes, start, end, DATA);
}

/** An object or a list, from its begin to its end. */
function isWholeJson(text: string): boolean {
  if (!/[}\]]$/.test(text.trimEnd()) || isTooMuch(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Behind the colon, if there is one, and behind one space. */
function valueStart(bytes: Buffer, colon: number, end: number): number {
  const start = Math.min(colon + 1, end);
  return start < end && bytes[start] === SPACE ? start + 1 : start;
}
