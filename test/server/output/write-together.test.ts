import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import {
  PIECE_BYTES,
  type SendingCall,
  writeTogether,
} from '../../../src/server/output/write-together.ts';

function aCall(parts: { readonly [part in keyof SendingCall]?: unknown }): SendingCall {
  const call = {
    handler: { serialize: (message: string) => Buffer.from(message) },
    checkCancelled: () => false,
    maybeSendMetadata: () => {},
    ...parts,
  } as unknown as SendingCall;
  writeTogether(call);
  return call;
}

/** A call whose caller reads nothing, and what it was sent. */
function unread(other: Partial<SendingCall> = {}) {
  const handed: Buffer[] = [];
  // Never done with what it was given first.
  const stream = new Writable({ write: () => {}, writev: () => {} });
  const write = stream.write.bind(stream);
  stream.write = (bytes: Buffer) => {
    handed.push(bytes);
    return write(bytes);
  };
  const call = aCall({ stream, ...other });
  return { handed, send: (message: string) => call.sendMessage(message, () => {}) };
}

/** Whether a buffer keeps no more memory than it has bytes. */
const isAlone = (bytes: Buffer | undefined) => bytes?.buffer.byteLength === bytes?.length;

describe('writeTogether', () => {
  it('writes a message behind its flag and length', () => {
    const { handed, send } = unread();
    send('hello');
    expect(handed).toEqual([Buffer.from('\0\0\0\0\x05hello')]);
  });

  it('keeps no block of memory for what waits behind something that nobody reads', async () => {
    const { handed, send } = unread();
    send('first');
    await turnOfTheLoop();
    send('second');
    send('third');
    expect(handed.map(isAlone)).toEqual([false, true, true]);
  });

  it('ends the call with INTERNAL if a message cannot be serialized', () => {
    const replies: object[] = [];
    const { handed, send } = unread({
      handler: {
        serialize() {
          throw new Error('what is said here is for nobody');
        },
      },
      sendStatus: (reply) => replies.push(reply),
    });
    send('hello');
    expect(handed).toEqual([]);
    expect(replies).toEqual([
      { code: status.INTERNAL, details: 'Error serializing response', metadata: null },
    ]);
  });

  it('lets what is large leave piece by piece, each of which tells of a reader', async () => {
    const left: number[] = [];
    const stream = new Writable({
      write(bytes, _encoding, done) {
        left.push(bytes.length);
        setImmediate(done);
      },
      writev: () => {},
    });
    const call = aCall({ stream });
    call.sendMessage('x'.repeat(2 * PIECE_BYTES), () => {});
    call.sendMessage('small', () => {});
    stream.end();
    await finished(stream);
    expect(left).toEqual([PIECE_BYTES, PIECE_BYTES, 5, 10]);
  });

  it('keeps none for a large message, whether something waits or not', () => {
    const { handed, send } = unread();
    send('x'.repeat(5_000));
    expect(handed.map(isAlone)).toEqual([true]);
  });
});
