import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../../src/core/errors.ts';
import type { ResourceRequest } from '../../../src/openai/resources/resource-http.ts';
import type { KeptResponseDeps } from '../../../src/openai/responses/kept-response.ts';
import { KeptResponses } from '../../../src/openai/responses/kept-responses.ts';

const { signal } = new AbortController();

/** An upstream that answers with these statuses, by the key and what is asked; 200 otherwise. */
function keeping(keys: number, statuses: Readonly<Record<string, number>>) {
  const asked: string[] = [];
  const resources = (key: number) => ({
    askText: async ({ method, below }: ResourceRequest) => {
      const request = `${key} ${method} ${below}`;
      asked.push(request);
      const status = statuses[request] ?? 200;
      if (status === 0) throw new ProviderError('NETWORK_ERROR');
      if (status !== 200) {
        throw new ProviderError('PROVIDER_ERROR', { upstreamStatus: status, message: request });
      }
      return '{}';
    },
  });
  const answers = new KeptResponses(keys, { resources } as unknown as KeptResponseDeps);
  const remove = (key: number, mayRun = false) =>
    answers.remove({ id: 'resp_1', key, mayRun }, signal);
  return { asked, remove };
}

describe('an answer that is kept', () => {
  it.each<[string, number, Readonly<Record<string, number>>, readonly string[]]>([
    ['by its own key', 1, {}, ['1 delete resp_1']],
    [
      'by another key, where its own knows it no more',
      1,
      { '1 delete resp_1': 404 },
      ['1 delete resp_1', '0 delete resp_1'],
    ],
    [
      'by the last key that is taken',
      0,
      { '0 delete resp_1': 401, '1 delete resp_1': 403 },
      ['0 delete resp_1', '1 delete resp_1', '2 delete resp_1'],
    ],
    [
      'already, as all keys say',
      2,
      { '0 delete resp_1': 404, '1 delete resp_1': 404, '2 delete resp_1': 404 },
      ['2 delete resp_1', '0 delete resp_1', '1 delete resp_1'],
    ],
  ])('is deleted %s', async (_how, key, statuses, wanted) => {
    const { asked, remove } = keeping(3, statuses);
    await remove(key);
    expect(asked).toEqual(wanted);
  });

  it.each([400, 409])(
    'is deleted where there is nothing to stop, which %i says',
    async (status) => {
      const { asked, remove } = keeping(1, { '0 post resp_1/cancel': status });
      await remove(0, true);
      expect(asked).toEqual(['0 post resp_1/cancel', '0 delete resp_1']);
    },
  );

  it.each<[string, Readonly<Record<string, number>>, object, number]>([
    ['the upstream cannot now', { '0 delete resp_1': 503 }, { facts: { upstreamStatus: 503 } }, 2],
    ['nobody answers', { '0 post resp_1/cancel': 0 }, { reason: 'NETWORK_ERROR' }, 1],
    [
      'it cannot be stopped',
      { '0 post resp_1/cancel': 500 },
      { facts: { upstreamStatus: 500 } },
      1,
    ],
    [
      'a key is refused that could have known it',
      { '0 delete resp_1': 404, '1 delete resp_1': 401, '2 delete resp_1': 403 },
      { message: '1 delete resp_1' },
      6,
    ],
  ])('is not said to be deleted where %s', async (_what, statuses, error, requests) => {
    const { asked, remove } = keeping(3, statuses);
    await expect(remove(0, true)).rejects.toMatchObject(error);
    expect(asked).toHaveLength(requests);
  });
});
