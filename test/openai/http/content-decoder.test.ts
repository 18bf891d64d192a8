import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { constants, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { ContentDecoder } from '../../../src/openai/http/content-decoder.ts';

/** What a body in this coding is, that comes in these pieces. */
async function decoded(coding: string, ...pieces: readonly Uint8Array[]): Promise<string> {
  const body = new PassThrough();
  const decoder = ContentDecoder.for(coding, {
    data: (chunk) => body.write(chunk),
    end: () => body.end(),
    fail: (error) => body.destroy(error as Error),
  });
  const ended = once(body, 'end');
  const texts: string[] = [];
  body.on('data', (chunk: Buffer) => texts.push(chunk.toString()));
  for (const piece of pieces) decoder?.data(Buffer.from(piece));
  decoder?.end();
  await ended;
  return texts.join('');
}

describe('a body in a coding that was not asked for', () => {
  it.each([
    ['gzip', gzipSync('Hello')],
    [' X-GZIP ', gzipSync('Hello')],
    ['deflate', deflateSync('Hello')],
    ['deflate', deflateRawSync('Hello')],
  ])('%s is decoded, byte by byte too', async (coding, bytes) => {
    expect(await decoded(coding, bytes)).toBe('Hello');
    expect(await decoded(coding, ...[...bytes].map((byte) => Uint8Array.of(byte)))).toBe('Hello');
  });

  it('is itself where its label is wrong, byte by byte too', async () => {
    const text = Buffer.from('data: {}');
    expect(await decoded('gzip', text)).toBe('data: {}');
    expect(await decoded('x-gzip', ...[...text].map((byte) => Uint8Array.of(byte)))).toBe(
      'data: {}',
    );
  });

  it('is unread while it waits to be decoded', async () => {
    const { promise: came, resolve } = Promise.withResolvers<void>();
    const decoder = ContentDecoder.for('gzip', { data: () => resolve(), end() {}, fail() {} });
    expect(decoder?.unread).toBe(false);
    decoder?.data(gzipSync('Hello'));
    expect(decoder?.unread).toBe(true);
    await came;
    await nextTurn();
    expect(decoder?.unread).toBe(false);
    decoder?.destroy();
  });

  it('in zstd takes memory for a window of 8 MiB at most, as HTTP has it', async () => {
    const text = 'x'.repeat(9 * 2 ** 20);
    const withWindow = (log: number) =>
      zstdCompressSync(text, { params: { [constants.ZSTD_c_windowLog]: log } });
    expect(await decoded('zstd', withWindow(23))).toHaveLength(text.length);
    await expect(decoded('zstd', withWindow(27))).rejects.toMatchObject({
      message: 'The upstream sent an answer that cannot be read.',
    });
  });

  it('is nothing where nothing came', async () => {
    expect(await decoded('gzip')).toBe('');
  });

  it.each([
    ['one byte', gzipSync('Hello').subarray(0, 1)],
    ['half of it', gzipSync('Hello').subarray(0, 12)],
    ['broken behind its begin', Buffer.from([0x1f, 0x8b, 1])],
  ])('is refused where it is %s', async (_what, bytes) => {
    await expect(decoded('gzip', bytes)).rejects.toMatchObject({
      reason: 'SERVICE_UNAVAILABLE',
      message: 'The upstream sent an answer that cannot be read.',
    });
  });

  it.each(['compress', 'toString', ''])('is not decoded in the coding %j', (coding) => {
    const body = { data: () => {}, end: () => {}, fail: () => {} };
    expect(ContentDecoder.for(coding, body)).toBeUndefined();
  });
});
