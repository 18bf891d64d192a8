import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Journal } from '../../src/money/ledger/journal.ts';
import { create, item, results } from '../batch/running-batches.ts';
import { anOpening } from '../money/ledger/support.ts';
import { readFrom } from '../support/config.ts';
import { PatientClock } from '../support/patient-clock.ts';
import { describeWithRedis, RedisServer } from '../support/redis-server.ts';
import { runCommand } from '../support/run-command.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import { tempFolders } from '../support/temp-folder.ts';

const USER = 'user-7f3a9c-to-be-forgotten';
const PROJECT = 'project-51be0d-to-be-forgotten';
const STAYING = { user_id: 'user-that-stays', project_id: 'project-that-stays' };

const newFolder = tempFolders();
let directory: string;

const CACHE = 'cache: {enabled: true, deterministicOnly: false, storage: sqlite}';

/** What every call is answered. */
const WORDS = 'Hello from the stub.';

const BUDGETS =
  'budgets: [{name: users, scope: user, limit: 9}, {name: projects, scope: project, limit: 9}]';

/** Where nobody has a key. */
function run(argv: readonly string[], yaml: string) {
  return runCommand(['forget', ...argv, '--config', 'config.yaml'], {
    environment: {},
    readFile: readFrom({ 'config.yaml': yaml }),
  });
}

/** Every file below a directory, its name included. */
function everything(below: string): string {
  return readdirSync(below, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return entry.isFile() ? `${path}\n${readFileSync(path, 'latin1')}` : path;
    })
    .join('\n');
}

/** Once it is connected to a shared store, if it has one: calls go on without one. */
async function start(yaml: string): Promise<RunningApp> {
  const app = await startApp(`{defaultModel: gpt-4o-mini, ${yaml}}`, {}, new PatientClock());
  const isConnected = async () => {
    const { status } = await app.client.provider.unary('GetStatus');
    return (status as { sharedStore?: { healthy: boolean } }).sharedStore?.healthy ?? true;
  };
  while (!(await isConnected())) await sleep(20);
  return app;
}

/** Calls for the user and project, for others, and a batch. */
async function fill(yaml: string): Promise<RunningApp> {
  const app = await start(yaml);
  for (const metadata of [
    { user_id: USER, project_id: PROJECT },
    { user_id: USER, project_id: 'project-that-stays' },
    { userId: 'user-that-stays', projectId: PROJECT },
    STAYING,
  ]) {
    await app.client.provider.unary('SendMessageSync', aRequest({ metadata }));
  }
  return app;
}

async function sums(yaml: string) {
  const app = await start(yaml);
  const groupBy = ['USAGE_DIMENSION_USER', 'USAGE_DIMENSION_PROJECT'];
  const { rows, total } = await app.client.usage.unary('GetUsage', { groupBy });
  await app.stop();
  return { rows: rows as readonly object[], total };
}

describe('forget', () => {
  it.each([
    ['--user', USER],
    ['--project', PROJECT],
  ])('leaves nothing of %s in any file, and the sums as they were', async (option, id) => {
    directory = newFolder();
    const yaml = `dataDir: '${directory}', batch: {pollInterval: 10ms}, ${CACHE}, ${BUDGETS}`;
    const app = await fill(yaml);
    const metadata = { user_id: USER, project_id: PROJECT };
    const options = { execution: 'BATCH_EXECUTION_LOCAL', metadata };
    const batch = await create(app.client, options, [item('one')]);
    await results(app.client, batch.id);
    await app.stop();
    expect(everything(directory)).toContain(WORDS);
    // As a process leaves it that dies in the middle of a call.
    const journal = new Journal(directory);
    const opening = anOpening({ userId: USER, projectId: PROJECT, startedAt: Date.now() });
    journal.renew([{ type: 'opened', number: 1, opening }]);
    journal.close();
    expect(everything(directory)).toContain(id);
    const before = await sums(yaml);
    const outcome = await run([option, id], `{${yaml}}`);
    expect(outcome).toMatchObject({ exitCode: 0, err: '' });
    expect(outcome.out).toMatch(
      /: [3-9] records, [2-9] sums of days, 1 batches, all cached answers\n$/,
    );
    expect(everything(directory)).not.toContain(id);
    expect(everything(directory)).not.toContain(batch.id);
    expect(everything(directory)).not.toContain(WORDS);
    expect(everything(directory)).toContain('user-that-stays');
    const after = await sums(yaml);
    expect(after.total).toEqual(before.total);
    expect(await run([option, id], `{${yaml}}`)).toMatchObject({
      out: expect.stringContaining(': 0 records, 0 sums of days, 0 batches'),
    });
  });

  it('does not touch a directory that a sidecar uses', async () => {
    directory = newFolder();
    const yaml = `dataDir: '${directory}'`;
    const app = await fill(yaml);
    expect(await run(['--user', USER], `{${yaml}}`)).toMatchObject({
      exitCode: 1,
      err: `forget: the ledger in ${directory} is in use by another process\n`,
    });
    await app.stop();
  });

  it.each([
    [[], 'give either --user or --project'],
    [['--user', ''], 'give either --user or --project'],
    [['--user', 'a', '--project', 'b'], 'give either --user or --project'],
    [['--all'], "unknown option '--all'"],
  ])('says what is wrong with %j', async (argv, message) => {
    directory = '/nowhere';
    const { exitCode, err } = await run(argv, '{}');
    expect(exitCode).toBe(2);
    expect(err).toContain(message);
  });

  it('says what is wrong with the configuration, and that there may be nothing to erase', async () => {
    expect(await run(['--user', 'a'], 'colour: red')).toMatchObject({
      exitCode: 2,
      err: 'configuration: colour: unknown key\n',
    });
    // Nor does it look for the keys of upstreams, which it does not ask.
    const other = "{baseUrl: 'https://127.0.0.1/v1', bearerTokenFile: /nowhere/token}";
    const keys = `keys: [{file: /nowhere/key}], targets: {other: ${other}}`;
    expect(await run(['--user', 'a'], `{${keys}}`)).toMatchObject({
      exitCode: 0,
      out: 'nothing is kept: there is neither a dataDir nor a shared store\n',
    });
  });
});

describeWithRedis('forget, with a shared store', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());

  /** Names of all keys, and what is in them. */
  const keys = () =>
    redis.command(
      'EVAL',
      `local all = {}
      for _, key in ipairs(redis.call('KEYS', '*')) do
        table.insert(all, key)
        if redis.call('TYPE', key).ok == 'hash' then
          for _, text in ipairs(redis.call('HGETALL', key)) do table.insert(all, text) end
        end
      end
      return all`,
      '0',
    );

  it.each([
    ['--user', USER, PROJECT],
    ['--project', PROJECT, USER],
  ])('leaves nothing of %s in any key', async (option, id, other) => {
    directory = newFolder();
    const shared = CACHE.replace('sqlite', 'redis');
    const yaml = `store: redis, redis: {url: '${redis.url}', keyPrefix: 't*:', timeout: 2s}, ${shared}, ${BUDGETS}`;
    const app = await fill(yaml);
    await app.stop();
    const total = async () => (await sums(yaml)).total;
    const before = await total();
    // As a sidecar that is killed leaves it.
    const account = `t*:{shared}:budget:${option.slice(2)}s:0:${id}`;
    await redis.command('HSET', 't*:{shared}:leases:pod-0', account, '0');
    expect(await keys()).toContain(id);
    expect(await keys()).toMatch(/cache:1:answer:/);
    expect(await run([option, id], `{${yaml}}`)).toMatchObject({ exitCode: 0, err: '' });
    expect(await keys()).not.toContain(id);
    expect(await keys()).not.toMatch(/:(cache|repeat):/);
    expect(await keys()).toContain(other);
    expect(await total()).toEqual(before);
    await redis.command('FLUSHALL');
  });

  it('says so if the store cannot be reached', async () => {
    const { exitCode, err } = await run(
      ['--user', 'a'],
      "{store: redis, redis: {url: 'redis://127.0.0.1:1'}}",
    );
    expect(exitCode).toBe(1);
    expect(err).toMatch(/^forget: .*ECONNREFUSED/);
  });
});
