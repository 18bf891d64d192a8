import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { whenGreeted } from '../../../src/server/listener/greeting.ts';

const HELLO = Buffer.from([22, 3, 1, 0, 4, 1, 2, 3, 4]);

function setUp() {
  const socket = new PassThrough();
  const state = { begun: 0 };
  whenGreeted(socket as unknown as Socket, () => {
    state.begun += 1;
  });
  return {
    socket,
    state,
    async say(bytes: Uint8Array) {
      socket.write(bytes);
      await nextTurn();
    },
  };
}

function left(socket: PassThrough): Buffer {
  const parts: Buffer[] = [];
  for (let part = socket.read(); part !== null; part = socket.read()) parts.push(part);
  return Buffer.concat(parts);
}

describe('a connection of TLS', () => {
  it('is begun when its first record is whole, and all of it is left to be read', async () => {
    const { socket, state, say } = setUp();
    for (const byte of HELLO.subarray(0, -1)) await say(Buffer.from([byte]));
    expect(state.begun).toBe(0);
    await say(HELLO.subarray(-1));
    expect(state.begun).toBe(1);
    await say(Buffer.from('more'));
    expect(state.begun).toBe(1);
    expect(left(socket)).toEqual(Buffer.concat([HELLO, Buffer.from('more')]));
  });

  it.each([
    ['something else', Buffer.from('GET / HTTP/1.1\r\n')],
    ['a record longer than any', Buffer.from([22, 3, 1, 0xff, 0xff, 1])],
    ['more than a record', Buffer.concat([HELLO, HELLO])],
  ])('is begun at once if it says %s', async (_what, bytes) => {
    const { socket, state, say } = setUp();
    await say(bytes);
    expect(state.begun).toBe(1);
    expect(left(socket)).toEqual(bytes);
  });

  it('is never begun if it closes before it has said anything', async () => {
    const { socket, state } = setUp();
    socket.end();
    await nextTurn();
    await nextTurn();
    expect(state.begun).toBe(0);
    expect(socket.readableEnded).toBe(true);
  });
});
