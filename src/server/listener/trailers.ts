import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { insideOf } from './inside-of.ts';

/** The part of a stream that is used here, private to Node.js. */
interface State {
  flags: number;
  /** Of what was written and has not left. */
  writeCb: (() => void) | null;
  /** Of what is to happen before that is called. */
  writePending: number;
}

interface Handle {
  /** @param list names and values, each ended by a zero byte, and flags; and how many. @returns less than 0: an error */
  trailers(list: readonly [headers: string, count: number]): number;
}

/** Of the flags of a stream: trailers will follow its data. */
const HAS_TRAILERS = 0x20;

/** Names of the symbols by which a stream has them. */
const STATE = 'state';
const HANDLE = 'kHandle';

/** What was sent past `sendTrailers` of Node.js. */
const SENT = Symbol('trailers that were sent at once');

interface Sent {
  [SENT]?: OutgoingHttpHeaders;
}

/** The trailers of a response. Undefined: none were sent yet. */
export function sentTrailers(stream: ServerHttp2Stream): OutgoingHttpHeaders | undefined {
  return (stream as Sent)[SENT] ?? stream.sentTrailers;
}

/**
 * Has the trailers of a response, which are the status of a call, leave in one write with the last of its data. To be
 * called once its headers are on their way. Node.js ends a stream that has trailers when all of its data has left, and then submits
 * them in the next turn of the event loop: a turn or two, and a system call, for each call.
 *
 * Where Node.js does not keep what it kept here, the stream is left as it is.
 */
export function endInOneWrite(stream: ServerHttp2Stream): void {
  const state = insideOf<State>(stream, STATE);
  if (typeof state?.flags !== 'number' || (state.flags & HAS_TRAILERS) === 0) return;
  if (typeof insideOf<Handle>(stream, HANDLE)?.trailers !== 'function') return;
  // As of a stream without trailers, which ends with its last write. That there are some, HTTP/2 has been told.
  state.flags &= ~HAS_TRAILERS;
  stream.sendTrailers = sendNow;
}

/** Its data is not all yet: Node.js would look behind each write whether it was the last. */
export function goOn(stream: ServerHttp2Stream): void {
  const state = insideOf<State>(stream, STATE);
  if (state !== undefined && stream.sendTrailers === sendNow) state.flags |= HAS_TRAILERS;
}

/** While HTTP/2 asks for them: what is submitted then is part of what it is writing. */
function sendNow(this: ServerHttp2Stream, headers: OutgoingHttpHeaders): void {
  const list = listOf(headers);
  const handle = this.closed ? undefined : insideOf<Handle>(this, HANDLE);
  if (list[1] > 0 && handle !== undefined && handle.trailers(list) >= 0) {
    (this as Sent)[SENT] = headers;
    const state = insideOf<State>(this, STATE);
    if (state !== undefined) {
      state.flags &= ~HAS_TRAILERS;
      endWrite(state);
    }
    return;
  }
  // It knows what to do.
  Object.getPrototypeOf(this).sendTrailers.call(this, headers);
}

/**
 * HTTP/2 has all that was written, and closes the stream behind the trailers. Where a stream is closed in the middle of
 * a write, Node.js ends the write with an error that nobody reads, and to make it is the costliest function of a call.
 */
function endWrite(state: State): void {
  const { writeCb } = state;
  if (typeof writeCb !== 'function') return;
  state.writeCb = null;
  state.writePending = 0;
  writeCb();
}

function listOf(headers: OutgoingHttpHeaders): [string, number] {
  let list = '';
  let count = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) {
      list += `${name}\0${one}\0\0`;
      count += 1;
    }
  }
  return [list, count];
}
