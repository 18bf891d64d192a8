import { expect, it } from '@jest/globals';
import { linesOf } from '../../../src/openai/batches/lines.ts';
import { answer } from '../../support/upstream/index.ts';
import { openUpstream, until } from '../open-upstream.ts';

const { signal } = new AbortController();

async function* pieces(...texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}

async function read(lines: AsyncIterable<string | undefined>) {
  const found: (string | undefined)[] = [];
  for await (const line of lines) found.push(line);
  return found;
}

it('lines are whole, however their file comes, and empty ones are none', async () => {
  const file = pieces('{"a"', ':1}\n\n{"b":2}\r\n{"c', '":3}');
  expect(await read(linesOf(file, 100))).toEqual(['{"a":1}', '{"b":2}', '{"c":3}']);
  const umlaut = Buffer.from('ü\n');
  const halves = pieces();
  expect(await read(linesOf(halves, 100))).toEqual([]);
  const cut = (async function* () {
    yield umlaut.subarray(0, 1);
    yield umlaut.subarray(1);
  })();
  expect(await read(linesOf(cut, 100))).toEqual(['ü']);
});

it('lines are found behind the mark of an editor, and around one that is too long', async () => {
  const file = pieces('\uFEFF{"a":1}\n', 'x'.repeat(60), 'x'.repeat(60), 'x\n{"b":2}');
  expect(await read(linesOf(file, 100))).toEqual(['{"a":1}', undefined, '{"b":2}']);
  expect(await read(linesOf(pieces('{}\n', 'x'.repeat(101)), 100))).toEqual(['{}', undefined]);
});

it('a line without an end is refused before it fills the memory', async () => {
  const endless = (async function* () {
    for (;;) yield Buffer.alloc(1_000, 'x');
  })();
  await expect(read(linesOf(endless, 10_000))).rejects.toMatchObject({
    reason: 'SERVICE_UNAVAILABLE',
  });
});

it('a file that nobody takes is held back at its source', async () => {
  const { stub, upstream } = await openUpstream(answer());
  let written = 0;
  const line = `${JSON.stringify({ custom_id: 'a', filler: 'x'.repeat(9_900) })}\n`;
  const content = function* () {
    for (; written < 10_000; written += 1) yield line;
  };
  const file = {
    id: 'f',
    filename: 'f',
    purpose: 'batch_output',
    bytes: 0,
    createdAt: 0,
    date: 0,
    content,
  };
  stub.batches.files.set('f', file);
  const lines = upstream.batches.results('f', '', signal)[Symbol.asyncIterator]();
  await lines.next();
  let before = -1;
  await until(() => {
    const stands = written === before;
    before = written;
    return stands && written > 10;
  });
  expect(written).toBeLessThan(2_000);
  await lines.return?.();
});
