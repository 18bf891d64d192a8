import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { BurstWriter } from '../../src/telemetry/burst-writer.ts';
import { LogDrops } from '../../src/telemetry/log-drops.ts';

const MIB = 1024 * 1024;

let written: string[] = [];
let last: string[] = [];
/** Ends the write that runs. */
let done: ((failed: boolean) => void) | undefined;
/** Whether a write ends at once. */
let fast = true;
let drops: LogDrops;
let writer: BurstWriter;
const onExit = process.listeners('exit');

beforeEach(() => {
  jest.useFakeTimers();
  written = [];
  last = [];
  fast = true;
  drops = new LogDrops();
  writer = new BurstWriter(
    {
      write(text, written_) {
        written.push(text);
        if (fast) written_(false);
        else done = written_;
      },
      writeLast: (text) => void last.push(text),
    },
    drops,
  );
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
    jest.advanceTimersByTime(100);
    writer.write('b\n');
    expect(written).toEqual(['a\n', 'b\n']);
  });

  it('writes the lines of a burst together, in order, as long as it lasts', () => {
    for (const line of ['a\n', 'b\n', 'c\n']) writer.write(line);
    expect(written).toEqual(['a\n']);
    jest.advanceTimersByTime(100);
    writer.write('d\n');
    expect(written).toEqual(['a\n', 'b\nc\n']);
    jest.advanceTimersByTime(100);
    expect(written).toEqual(['a\n', 'b\nc\n', 'd\n']);
    jest.advanceTimersByTime(100);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('does not wait to collect more than 64 Ki characters', () => {
    writer.write('a\n');
    writer.write('x'.repeat(64 * 1024));
    expect(written).toHaveLength(1);
    writer.write('y');
    expect(written).toHaveLength(2);
  });

  it('makes the lines of a burst that may wait together, and all before one that may not', () => {
    const made: string[] = [];
    const line = (name: string, mayWait = true) =>
      writer.line(() => {
        made.push(name);
        writer.write(`${name}\n`);
      }, mayWait);
    line('a');
    line('b');
    line('c');
    expect(made).toEqual(['a']);
    line('d', false);
    expect(made).toEqual(['a', 'b', 'c', 'd']);
    line('e');
    jest.advanceTimersByTime(100);
    expect(written).toEqual(['a\n', 'b\nc\nd\ne\n']);
    line('f');
    writer.flush();
    expect(written.at(-1)).toBe('f\n');
    for (let i = 0; i <= 65; i += 1) line(`${i}`);
    expect(made.at(-1)).toBe('64');
  });

  it('writes what it holds when it is told to, and when the process exits', () => {
    writer.write('a\n');
    writer.write('b\n');
    writer.flush();
    writer.line(() => writer.write('c\n'), true);
    for (const listener of process.listeners('exit')) {
      if (!onExit.includes(listener)) listener.call(process, 0);
    }
    expect(written).toEqual(['a\n', 'b\n']);
    expect(last).toEqual(['c\n']);
  });

  it('drops lines and counts them while its target is stuck, and goes on behind that', () => {
    fast = false;
    writer.write('first\n');
    const line = `${'x'.repeat(1023)}\n`;
    for (let lines = 0; lines < 1024 + 3; lines += 1) writer.write(line);
    jest.advanceTimersByTime(1_000);
    expect(written).toEqual(['first\n']);
    expect(drops.lines).toBe(3);
    fast = true;
    done?.(false);
    jest.advanceTimersByTime(100);
    expect(written[1]).toHaveLength(MIB);
    writer.write('later\n');
    jest.advanceTimersByTime(100);
    expect(written.at(-1)).toBe('later\n');
    expect(drops.lines).toBe(3);
  });

  it('counts the lines of a write that failed', () => {
    fast = false;
    writer.write('a\n');
    writer.write('b\n');
    writer.write('c\n');
    done?.(true);
    expect(drops.lines).toBe(1);
    jest.advanceTimersByTime(100);
    done?.(true);
    expect(drops.lines).toBe(3);
  });
});
