import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { type ReloadingApp, startReloadingApp } from '../reload/reloading-app.ts';
import { API_KEY } from '../support/running-app.ts';
import { tempFolders } from '../support/temp-folder.ts';
import type { BatchFault } from '../support/upstream/index.ts';
import { create, get, ids, item, results } from './running-batches.ts';

/** A target with two keys, of two projects: neither knows the files and batches of the other. */

const SECOND = 'sk-of-the-second-project';
const THREE = ids(3).map((id) => item(id));
const QUICK = 'batch: {pollInterval: 10ms, maxPollInterval: 40ms, lookFor: 100ms}';

let app: ReloadingApp;
const newFolder = tempFolders();
let directory: string;
let both: string;
let first: string;

beforeEach(async () => {
  directory = newFolder();
  const file = join(directory, 'second-key');
  writeFileSync(file, SECOND);
  const dataDir = join(directory, 'data');
  first = `defaultModel: gpt-4o-mini\nbatchApi: on\ndataDir: '${dataDir}'\n${QUICK}\n`;
  both = `${first}keys: [{file: '${file}'}]\n`;
  app = await startReloadingApp(both);
  app.stub.setApiKeys(API_KEY, SECOND);
});

afterEach(async () => {
  await app.stop();
});

/** Lets each key see its own files and batches alone. What was made, by which key, as far as that was not refused. */
function projects(refuse: (asked: string, isFirst: boolean) => BatchFault | undefined) {
  const owners = new Map<string, string>();
  const made: string[] = [];
  app.stub.batches.set({
    fault: (method, path, key) => {
      const [, collection = '', id] = /^\/v1\/(\w+)(?:\/([^/?]+))?/.exec(path) ?? [];
      const isFirst = key.includes(API_KEY);
      const refused = refuse(`${method} ${collection}`, isFirst);
      if (refused !== undefined) return refused;
      if (id === undefined) {
        if (method === 'POST') made.push(`${collection} ${isFirst ? 1 : 2}`);
        return undefined;
      }
      // What is named first by a key is its own.
      const owner = owners.get(id) ?? key;
      owners.set(id, owner);
      return owner === key ? undefined : { status: 404, message: 'None.' };
    },
  });
  return made;
}

it.each<[string, string, BatchFault, readonly string[]]>([
  ['an upload', 'POST files', { status: 401, code: 'invalid_api_key' }, ['files 2', 'batches 2']],
  [
    'an upload',
    'POST files',
    { status: 429, code: 'insufficient_quota' },
    ['files 2', 'batches 2'],
  ],
  [
    'a creation',
    'POST batches',
    { status: 403, message: 'This key may not.' },
    ['files 1', 'files 2', 'batches 2'],
  ],
  [
    'a creation',
    'POST batches',
    { status: 401, code: 'invalid_api_key' },
    ['files 1', 'files 2', 'batches 2'],
  ],
])('%s that is refused to a key is done with another: %s %j', async (_what, asked, fault, all) => {
  const made = projects((what, isFirst) => (what === asked && isFirst ? fault : undefined));
  const { id } = await create(app.client, {}, THREE);
  expect(await results(app.client, id)).toHaveLength(3);
  const { state, problems } = await get(app.client, id);
  expect(state).toBe('BATCH_STATE_COMPLETED');
  expect(problems).toMatchObject([expect.stringMatching(/^The upstream refused an API key: /)]);
  expect(made).toEqual(all);
  expect([...app.stub.batches.worked.values()]).toEqual([1, 1, 1]);
});

it('keys that are all refused are tried again, and without quota the items fail', async () => {
  let refusals = 5;
  projects((what) => {
    if (what !== 'POST files' || refusals === 0) return undefined;
    refusals -= 1;
    return { status: 401, code: 'invalid_api_key' };
  });
  const { id } = await create(app.client, {}, THREE);
  await results(app.client, id);
  expect((await get(app.client, id)).state).toBe('BATCH_STATE_COMPLETED');
  projects((what) =>
    what === 'POST files' ? { status: 429, code: 'insufficient_quota' } : undefined,
  );
  const poor = await create(app.client, {}, THREE);
  expect((await results(app.client, poor.id))[0]?.error?.code).toBe(8);
  expect((await get(app.client, poor.id)).state).toBe('BATCH_STATE_FAILED');
});

it('a batch whose key is taken away says so, and goes on when it is back', async () => {
  const made = projects((what, isFirst) =>
    what === 'POST files' && isFirst ? { status: 401, code: 'invalid_api_key' } : undefined,
  );
  app.stub.batches.set({ ...app.stub.batches.settings, workMs: 3_600_000 });
  const { id } = await create(app.client, {}, THREE);
  const problems = async () => (await get(app.client, id)).problems.join('\n');
  while ((await get(app.client, id)).upstreamBatchIds.length === 0) await sleep(5);
  await app.reload(first);
  while (!/is configured no more/.test(await problems())) await sleep(5);
  await app.reload(both);
  app.stub.batches.set({ ...app.stub.batches.settings, workMs: 0 });
  expect(await results(app.client, id)).toHaveLength(3);
  expect((await get(app.client, id)).state).toBe('BATCH_STATE_COMPLETED');
  expect(made).toEqual(['files 2', 'batches 2']);
});
