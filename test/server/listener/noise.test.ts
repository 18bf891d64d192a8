import { EventEmitter } from 'node:events';
import type { ServerHttp2Session } from 'node:http2';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { heardBy, Noise } from '../../../src/server/listener/noise.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const MIB = 2 ** 20;

/** A connection of which bytes are read, as far as it is read at all. */
class FakeSession extends EventEmitter {
  destroyed = false;
  reads = true;
  readonly socket = {
    bytesRead: 0,
    _handle: {
      readStop: () => {
        this.reads = false;
      },
      readStart: () => {
        this.reads = true;
      },
    },
  };

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

function setUp() {
  const clock = new FakeClock();
  const noise = new Noise(clock);
  const open = () => {
    const session = new FakeSession();
    noise.add(session as unknown as ServerHttp2Session);
    return session;
  };
  return { clock, noise, open };
}

describe('a connection', () => {
  it('is closed that brings what is for no call', () => {
    const { noise, open } = setUp();
    const session = open();
    session.socket.bytesRead = MIB + 1;
    noise.look();
    expect(session.destroyed).toBe(true);
  });

  it('stays that brings data, calls, and a little beside them, again and again', () => {
    const { noise, open } = setUp();
    const session = open();
    const heard = heardBy(session);
    for (let second = 0; second < 100; second += 1) {
      session.socket.bytesRead += 30 * MIB + 32 * 1024 + MIB;
      if (heard) heard.bytes += 30 * MIB;
      session.emit('stream');
      noise.look();
    }
    expect(session.destroyed).toBe(false);
  });

  it('is read behind those that came before it, once one was closed, each for a turn', async () => {
    const { clock, noise, open } = setUp();
    open().socket.bytesRead = 2 * MIB;
    noise.look();
    const [first, second, third] = [open(), open(), open()];
    expect([first.reads, second.reads, third.reads]).toEqual([false, false, false]);
    await nextTurn();
    expect([first.reads, second.reads, third.reads]).toEqual([true, false, false]);
    first.socket.bytesRead = MIB / 2;
    await nextTurn();
    expect(first.destroyed).toBe(true);
    expect([second.reads, third.reads]).toEqual([true, false]);
    second.socket.bytesRead = 1_000;
    await nextTurn();
    expect(second.destroyed).toBe(false);
    expect(third.reads).toBe(true);
    await nextTurn();
    clock.advance(10_000);
    expect(open().reads).toBe(true);
  });
});
