import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../../src/core/errors.ts';
import type { OpenAIBatches } from '../../../src/openai/batches/batches.ts';
import { KeyedBatches } from '../../../src/openai/batches/keyed-batches.ts';

const { signal } = new AbortController();

/** What a key is told: an answer, a status, or nothing. */
type Told = string | number | undefined;

function told(what: Told): string | undefined {
  if (typeof what !== 'number') return what;
  throw new ProviderError(what === 401 ? 'INVALID_API_KEY' : 'PROVIDER_ERROR', {
    message: String(what),
    upstreamStatus: what,
  });
}

/** The first of them is that of an upstream that wants no key, too. */
function keyed(keys: Readonly<Record<string, Told>>): KeyedBatches {
  const all = Object.entries(keys).map(([name, what]) => {
    const batches = {
      find: async () => told(what),
      upload: async () => told(what),
      async *results() {
        if (what === 500) yield 'a line';
        yield told(what);
      },
    };
    return [name, batches as unknown as OpenAIBatches] as const;
  });
  return new KeyedBatches(all[0]?.[1] as OpenAIBatches, new Map(all));
}

const GONE = /is configured no more/;

describe('what belongs to a key', () => {
  it.each<[string, Readonly<Record<string, Told>>, string, Told | RegExp]>([
    ['is found with it', { a: 'of a', b: 'of b' }, 'b', 'of b'],
    ['is not there, if it says so', { a: undefined, b: 'of b' }, 'a', undefined],
    ['is found with the first, if it has no name', { a: 'of a', b: 'of b' }, '', 'of a'],
    ['is found with another of its project, if it is refused', { a: 401, b: 'of b' }, 'a', 'of b'],
    ['is found with another, if it is gone', { a: undefined, b: 'of b' }, 'gone', 'of b'],
    ['says what it is told, if nobody knows it', { a: 404, b: 401 }, 'a', /^404$/],
    ['says that it is gone, if nobody knows it', { a: 404, b: undefined }, 'gone', GONE],
    ['is not asked of others after a failure', { a: 503, b: 'of b' }, 'a', /^503$/],
  ])('%s: %j', async (_what, keys, key, expected) => {
    const found = keyed(keys).find({ fileId: '', metadata: {} }, 0, key, signal);
    if (expected instanceof RegExp) await expect(found).rejects.toThrow(expected);
    else expect(await found).toBe(expected);
  });

  it.each<[string, Readonly<Record<string, Told>>, string, readonly Told[] | RegExp]>([
    ['with it', { a: 'of a', b: 'of b' }, 'b', ['of b']],
    ['with another, if it is refused', { a: 403, b: 'of b' }, 'a', ['of b']],
    ['with none, if it broke off', { a: 500, b: 'of b' }, 'a', /^500$/],
    ['with none, if all refuse it', { a: 404, b: 404 }, 'gone', GONE],
  ])('is read %s: %j', async (_how, keys, key, expected) => {
    const read = async () => {
      const lines: unknown[] = [];
      for await (const line of keyed(keys).results('f', key, signal)) lines.push(line);
      return lines;
    };
    if (expected instanceof RegExp) await expect(read()).rejects.toThrow(expected);
    else expect(await read()).toEqual(expected);
  });

  it('is made with it alone', async () => {
    const file = { name: 'f', size: 0, content: (async function* () {})() };
    const batches = keyed({ a: 'of a', b: 'of b' });
    expect(batches.keys).toEqual(['a', 'b']);
    expect(await batches.upload(file, 'b', signal)).toBe('of b');
    await expect(batches.upload(file, 'gone', signal)).rejects.toThrow(GONE);
  });
});
