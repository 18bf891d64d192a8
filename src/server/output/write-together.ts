import type { ServerHttp2Stream } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { endInOneWrite, goOn } from '../listener/trailers.ts';
import { allocate } from './allocate.ts';

/** What stands before a message: a flag, which says that it is not compressed, and its length. */
const PREFIX_BYTES = 5;

/** How much of a message leaves as one, in bytes: who takes less in the time that a reader has is held for one who does not read. */
export const PIECE_BYTES = 256 * 1024;

const RESOLVED = Promise.resolve();

/** The part of a call of grpc-js that is used here, much of it private to it. */
export interface SendingCall {
  readonly stream: ServerHttp2Stream;
  readonly handler: { serialize(message: unknown): Buffer };
  checkCancelled(): boolean;
  maybeSendMetadata(): void;
  sendMessage(message: unknown, sent: () => void): void;
  sendStatus(reply: object): void;
}

/**
 * Has the first message of an answer go out together with what follows it in the same turn of the event loop, the
 * status included, and later messages with those that have to wait anyway. grpc-js takes a message when the one before
 * has left: a turn, and a system call, for each.
 *
 * Takes messages as long as HTTP/2 has room for them.
 */
export function writeTogether(call: SendingCall): void {
  const { stream } = call;
  let isFirst = true;
  // Behind all that the microtasks of this turn do, which may be the whole answer.
  const uncorkBehind = (): void => process.nextTick(uncork);
  const uncork = (): void => {
    if (!stream.writableEnded) goOn(stream);
    stream.uncork();
  };
  const send: SendingCall['sendMessage'] = (message, sent) => {
    if (call.checkCancelled()) return;
    const bytes = serialized(call, message);
    if (bytes === undefined) return;
    call.maybeSendMetadata();
    if (isFirst) {
      isFirst = false;
      endInOneWrite(stream);
      stream.cork();
      // Not queueMicrotask, which makes an async resource for each.
      void RESOLVED.then(uncorkBehind);
    }
    if (writeInPieces(stream, framed(bytes, stream))) sent();
    else stream.once('drain', sent);
  };
  call.sendMessage = send;
}

/** Node.js tells of a write when all of it has left: of what is large, nobody could tell a slow reader from one who reads nothing. */
function writeInPieces(stream: ServerHttp2Stream, bytes: Buffer): boolean {
  if (bytes.length <= PIECE_BYTES) return stream.write(bytes);
  // It would put what waits together again.
  Reflect.set(stream, '_writev', undefined);
  let hasRoom = true;
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    hasRoom = stream.write(bytes.subarray(at, at + PIECE_BYTES));
  }
  return hasRoom;
}

/** Undefined: it cannot be, and the call has ended with that. */
function serialized(call: SendingCall, message: unknown): Buffer | undefined {
  try {
    return call.handler.serialize(message);
  } catch {
    const details = 'Error serializing response';
    call.sendStatus({ code: status.INTERNAL, details, metadata: null });
    return undefined;
  }
}

/**
 * What goes behind something that waits will wait, too, for a caller who may never read: of an answer one block that
 * small buffers are cut from is kept at most, and those of its first turn.
 */
function framed(message: Buffer, { writableLength, writableCorked }: ServerHttp2Stream): Buffer {
  const waits = writableLength > 0 && writableCorked === 0;
  const { length } = message;
  const bytes = allocate(PREFIX_BYTES + length, waits);
  bytes[0] = 0;
  // By hand, as each message has it: writeUInt32BE checks what is known.
  bytes[1] = length >>> 24;
  bytes[2] = length >>> 16;
  bytes[3] = length >>> 8;
  bytes[4] = length;
  bytes.set(message, PREFIX_BYTES);
  return bytes;
}
