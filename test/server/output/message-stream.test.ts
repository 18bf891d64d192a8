import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import {
  byteStreamOf,
  MessageStream,
  type StreamingCall,
} from '../../../src/server/output/message-stream.ts';
import { FakeClock } from '../../support/fake-clock.ts';

class FakeStream extends EventEmitter {
  writableLength = 0;
  readonly written: string[] = [];
  accepts = true;

  write(bytes: Buffer): boolean {
    this.written.push(bytes.toString());
    return this.accepts;
  }
}

function open() {
  const target = new FakeStream();
  const controller = new AbortController();
  const clock = new FakeClock();
  const stall = { clock, ms: 60_000, abort: (reason: unknown) => controller.abort(reason) };
  const stream = new MessageStream<string>(
    target,
    (text) => Buffer.from(text),
    controller.signal,
    stall,
  );
  return { target, controller, stream, clock };
}

describe('MessageStream', () => {
  it('counts what it sends and tells when the caller is slow', () => {
    const { stream, target } = open();
    expect(stream.write('a')).toBe(true);
    target.accepts = false;
    expect(stream.write('b')).toBe(false);
    expect(target.written).toEqual(['a', 'b']);
    expect(stream.sent).toBe(2);
  });

  it('ends the call of a caller who reads nothing for a minute', async () => {
    const { stream, target, clock } = open();
    const first = stream.drained();
    clock.advance(59_999);
    target.emit('drain');
    await first;
    const second = stream.drained();
    clock.advance(60_000);
    await expect(second).rejects.toMatchObject({ reason: 'STREAM_INTERRUPTED' });
    expect(target.eventNames()).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('goes on for one who reads something every minute', async () => {
    const { stream, target, clock } = open();
    target.writableLength = 300;
    const drained = stream.drained();
    for (const left of [200, 100]) {
      clock.advance(59_999);
      target.writableLength = left;
      clock.advance(1);
    }
    target.emit('drain');
    await drained;
    expect(clock.pending).toBe(0);
  });

  it('waits no longer for one who has all of an answer that is over', async () => {
    const { stream, target, clock } = open();
    const drained = stream.drained();
    target.emit('close');
    await drained;
    expect(target.eventNames()).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('waits for the caller to catch up, and leaves no listener behind', async () => {
    const { stream, target, controller } = open();
    const drained = stream.drained();
    target.emit('drain');
    await drained;
    expect(target.eventNames()).toEqual([]);
    controller.abort(new Error('too late to matter'));
  });

  it('stops waiting when the call ends, and leaves no listener behind', async () => {
    const { stream, target, controller } = open();
    const drained = stream.drained();
    controller.abort(new Error('gone'));
    await expect(drained).rejects.toThrow('gone');
    expect(target.eventNames()).toEqual([]);
  });

  it('never writes after the call has ended', () => {
    const { stream, target, controller } = open();
    controller.abort(new Error('gone'));
    expect(() => stream.write('a')).toThrow('gone');
    expect(target.written).toEqual([]);
    expect(stream.sent).toBe(0);
  });
});

describe('what takes the messages of a call', () => {
  it('says that the caller is slow when HTTP/2 does, whatever grpc-js would still take', () => {
    const stream = Object.assign(new EventEmitter(), {
      writableLength: 0,
      writableNeedDrain: false,
    });
    const sent: string[] = [];
    const call = { stream, sendMessage: (message: Buffer) => sent.push(String(message)) };
    const bytes = byteStreamOf({ call } as unknown as StreamingCall);
    expect(bytes.write(Buffer.from('a'))).toBe(true);
    Object.assign(stream, { writableLength: 70_000, writableNeedDrain: true });
    expect(bytes.write(Buffer.from('b'))).toBe(false);
    expect(sent).toEqual(['a', 'b']);
    expect(bytes.writableLength).toBe(70_000);
    let drained = 0;
    bytes.once('drain', () => {
      drained += 1;
    });
    stream.emit('drain');
    expect(drained).toBe(1);
  });

  it('is not there for anything but a call of grpc-js', () => {
    expect(() => byteStreamOf({})).toThrow('does not tell of the inside');
  });
});
