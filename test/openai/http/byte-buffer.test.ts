import { describe, expect, it } from '@jest/globals';
import { ByteBuffer } from '../../../src/openai/http/byte-buffer.ts';

describe('bytes that arrive in pieces', () => {
  it.each([
    ['none', []],
    ['one', [3]],
    ['many small ones', Array.from({ length: 5_000 }, () => 3)],
    ['large ones between small ones', [1, 5_000_000, 2, 0, 70_000, 1]],
  ])('are whole: %s', (_what, sizes) => {
    const buffer = new ByteBuffer();
    const pieces = sizes.map((size, at) => Buffer.alloc(size, at % 256));
    for (let use = 0; use < 3; use += 1) {
      for (const piece of pieces) buffer.append(piece, 0, piece.length);
      const whole = Buffer.concat(pieces);
      expect(buffer.length).toBe(whole.length);
      expect(buffer.take().equals(whole)).toBe(true);
      expect(buffer.length).toBe(0);
    }
  });

  it('are copied from the middle of a piece', () => {
    const buffer = new ByteBuffer();
    const piece = Buffer.from('abcdef');
    for (let at = 0; at < 1_000; at += 1) buffer.append(piece, 2, 4);
    expect(buffer.take().toString()).toBe('cd'.repeat(1_000));
  });

  it('stay as they are when what they were read from changes', () => {
    const buffer = new ByteBuffer();
    const piece = Buffer.from('abc');
    buffer.append(piece, 0, 3);
    piece.fill('x');
    expect(buffer.take().toString()).toBe('abc');
  });

  it.each([20_000, 5_000_000])('give their memory back with the next: %d', (size) => {
    const buffer = new ByteBuffer();
    const piece = Buffer.alloc(size);
    buffer.append(piece, 0, 10);
    buffer.append(piece, 10, size);
    const taken = buffer.take();
    expect(taken.equals(piece)).toBe(true);
    buffer.append(piece, 0, 1);
    expect(taken.length).toBe(0);
    expect(buffer.take().equals(piece.subarray(0, 1))).toBe(true);
  });

  it('give their memory back when they are of no use any more', () => {
    const buffer = new ByteBuffer();
    buffer.append(Buffer.alloc(3_000_000), 0, 3_000_000);
    buffer.clear();
    expect(buffer.length).toBe(0);
    expect(buffer.take().length).toBe(0);
  });
});
