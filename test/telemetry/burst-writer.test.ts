import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { BurstWriter } from '../../src/telemetry/burst-writer.ts';

let written: string[] = [];
let writer: BurstWriter;
const onExit = process.listeners('exit');

beforeEach(() => {
  jest.useFakeTimers();
  written = [];
  writer = new BurstWriter({ write: (text) => void written.push(text) });
});

afterEach(() => {
  jest.useRealTimers();
  for (const listener of process.listeners('exit')) {
    if (!onExit.includes(listener)) process.off('exit', listener);
  }
});

describe('BurstWriter', () => {
  it('writes a line at once where it is alone', () => {
    writer.write('a\n');
    jest.advanceTimersByTime(20);
    writer.write('b\n');
    expect(written).toEqual(['a\n', 'b\n']);
  });

  it('writes the lines of a burst together, in order, as long as it lasts', () => {
    for (const line of ['a\n', 'b\n', 'c\n']) writer.write(line);
    expect(written).toEqual(['a\n']);
    jest.advanceTimersByTime(20);
    writer.write('d\n');
    expect(written).toEqual(['a\n', 'b\nc\n']);
    jest.advanceTimersByTime(20);
    expect(written).toEqual(['a\n', 'b\nc\n', 'd\n']);
    jest.advanceTimersByTime(20);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('holds no more than 64 Ki characters', () => {
    writer.write('a\n');
    writer.write('x'.repeat(64 * 1024));
    expect(written).toHaveLength(1);
    writer.write('y');
    expect(written).toHaveLength(2);
  });

  it('writes what it holds when it is told to, and when the process exits', () => {
    writer.write('a\n');
    writer.write('b\n');
    writer.flush();
    writer.write('c\n');
    for (const listener of process.listeners('exit')) {
      if (!onExit.includes(listener)) listener.call(process, 0);
    }
    expect(written).toEqual(['a\n', 'b\n', 'c\n']);
  });
});
