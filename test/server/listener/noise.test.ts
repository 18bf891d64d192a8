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
    bytesWritten: 0,
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

  it('stays that brings data, calls, as much as it was answered, and a little beside that, again and again', () => {
    const { noise, open } = setUp();
    const session = open();
    const heard = heardBy(session);
    for (let second = 0; second < 100; second += 1) {
      session.socket.bytesRead += 30 * MIB + 32 * 1024 + 5 * MIB + MIB;
      session.socket.bytesWritten += 5 * MIB;
      if (heard) heard.bytes += 30 * MIB;
      session.emit('stream');
      noise.look();
    }
    expect(session.destroyed).toBe(false);
  });

  it('is read one by one with those that came after one was closed, until it brings a call', async () => {
    const { clock, noise, open } = setUp();
    open().socket.bytesRead = 2 * MIB;
    noise.look();
    const [quiet, loud, caller] = [open(), open(), open()];
    const read = () => [quiet.reads, loud.reads, caller.reads];
    expect(read()).toEqual([false, false, false]);
    clock.advance(5);
    expect(read()).toEqual([true, false, false]);
    await nextTurn();
    expect(read()).toEqual([false, false, false]);
    clock.advance(5);
    loud.socket.bytesRead = MIB / 2;
    await nextTurn();
    expect(loud.destroyed).toBe(true);
    clock.advance(5);
    caller.emit('stream');
    await nextTurn();
    expect([quiet.reads, caller.reads]).toEqual([false, true]);
  });

  it('is read as it comes when nobody was closed for some time', () => {
    const { clock, noise, open } = setUp();
    open().socket.bytesRead = 2 * MIB;
    noise.look();
    const waiting = open();
    clock.advance(10_000);
    expect([waiting.reads, open().reads]).toEqual([true, true]);
  });

  it('is looked at more often meanwhile', () => {
    const { clock, noise, open } = setUp();
    const [first, second] = [open(), open()];
    first.socket.bytesRead = 2 * MIB;
    noise.look();
    second.socket.bytesRead = 2 * MIB;
    clock.advance(50);
    expect(second.destroyed).toBe(true);
    noise.stop();
    expect(clock.pending).toBe(0);
  });
});
