import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '../support/fake-clock.ts';
import { codeName, collect, failureOf, nextMessage, statusDetail } from '../support/grpc-client.ts';
import { aRequest } from '../support/running-app.ts';
import {
  answer,
  firstTokenAfter,
  httpError,
  type StubUpstream,
  silent,
  startStubUpstream,
} from '../support/upstream/index.ts';
import { type ReloadingApp, startReloadingApp } from './reloading-app.ts';

let running: ReloadingApp | undefined;
let other: StubUpstream | undefined;
afterEach(async () => {
  await running?.stop();
  await other?.close();
  running = other = undefined;
});

const BASE = 'defaultModel: gpt-4o-mini\n';
/** 1M tokens cost 0.15 dollars in and 0.60 out; an answer of 1,000,000 tokens costs more than a budget of one cent. */
const DEAR = answer({ usage: { completion_tokens: 1_000_000 } });

async function start(yaml = ''): Promise<ReloadingApp> {
  running = await startReloadingApp(BASE + yaml);
  return running;
}

const reload = (yaml: string) => (running as ReloadingApp).reload(BASE + yaml);
const ask = (fields: object = {}) =>
  (running as ReloadingApp).client.provider.unary('SendMessageSync', aRequest(fields));

describe('without a restart', () => {
  it('a target comes, is asked with another key, and goes when its last call has ended', async () => {
    const { client, directory, stub } = await start();
    other = await startStubUpstream();
    const key = (name: string) => {
      writeFileSync(join(directory, name), `the-secret-${name}`);
      return `targets: {other: {baseUrl: "${other?.url}", keys: [{file: ${join(directory, name)}}]}}`;
    };
    await ask({ model: 'other/gpt-4o' });
    expect(stub.requests.at(-1)?.body.model).toBe('other/gpt-4o');
    expect(await reload(key('first'))).toMatchObject({ changed: ['targets.other'] });
    await ask({ model: 'other/gpt-4o' });
    await reload(key('second'));
    const goesOn = Promise.withResolvers<void>();
    other.enqueue(firstTokenAfter(goesOn.promise));
    const stream = client.provider.stream('SendMessage', aRequest({ model: 'other/gpt-4o' }));
    const ended = collect(stream);
    await other.waitForRequest(2);
    await reload('');
    await ask({ model: 'other/gpt-4o' });
    expect(stub.requests).toHaveLength(2);
    expect(other.openConnections()).toBeGreaterThan(0);
    goesOn.resolve();
    expect(codeName((await ended).status)).toBe('OK');
    while (other.openConnections() > 0) await after(5);
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer the-secret-first',
      'Bearer the-secret-second',
    ]);
  });

  it('a circuit stays open when something else changes', async () => {
    const breaker =
      'circuitBreaker: {minimumAttempts: 1, firstOpenFor: 1m, openFor: 1m, maxWait: 0}';
    const yaml = `${breaker}\nretryPolicy: {maxAttempts: 1}\n`;
    const { stub } = await start(yaml);
    stub.setDefault(httpError(500));
    await failureOf(ask());
    await reload(`${yaml}drain: {gracePeriod: 1s}\nprofiles: {gpt-4o-mini: {temperature: 0.1}}`);
    expect(statusDetail(await failureOf(ask()), 'google.rpc.ErrorInfo')).toMatchObject({
      reason: 'CIRCUIT_OPEN',
    });
    await reload(yaml.replace('{', '{enabled: false, '));
    expect(statusDetail(await failureOf(ask()), 'google.rpc.ErrorInfo')).toMatchObject({
      reason: 'SERVICE_UNAVAILABLE',
    });
  });

  it('second attempts go on from the share that was saved up', async () => {
    const hedge = (after: string, share = 0.5) =>
      `hedge: {after: ${after}, to: same, maxShare: ${share}}`;
    const { stub } = await start(hedge('10m'));
    await ask();
    await ask();
    await reload(hedge('1ms'));
    stub.enqueue(silent());
    await ask();
    expect(stub.requests).toHaveLength(4);
  });

  it('a budget counts what was spent before it came, and lets go where its limit rises', async () => {
    const { stub, client } = await start();
    stub.setDefault(DEAR);
    await ask();
    await reload('budgets: [{name: late, limit: 0.01}]');
    const refused = await failureOf(ask());
    expect(statusDetail(refused, 'google.rpc.ErrorInfo')).toMatchObject({
      reason: 'BUDGET_EXCEEDED',
    });
    await reload('budgets: [{name: late, limit: 1000}]');
    await ask();
    const { budgets } = await client.usage.unary('GetBudgets');
    expect(budgets).toMatchObject([{ name: 'late', limit: { units: 1000 }, spent: { units: 1 } }]);
    await reload('');
    expect(await client.usage.unary('GetBudgets')).toMatchObject({ budgets: [] });
  });

  it('callers are asked who they are, and lose a right', async () => {
    const { directory, client } = await start();
    writeFileSync(join(directory, 'tokens'), 'the-token-of-the-shop\n');
    const callers = (rights: string) =>
      `callers: [{name: shop, tokenFile: ${join(directory, 'tokens')}, rights: [${rights}]}]`;
    await ask();
    await reload(callers('messages, admin'));
    expect(codeName(await failureOf(ask()))).toBe('UNAUTHENTICATED');
    const known = { metadata: { authorization: 'Bearer the-token-of-the-shop' } };
    await client.provider.unary('SendMessageSync', aRequest(), known);
    running?.write(BASE + callers('messages'));
    await client.provider.unary('ReloadConfig', {}, known);
    const again = await failureOf(client.provider.unary('ReloadConfig', {}, known));
    expect(codeName(again)).toBe('PERMISSION_DENIED');
    await client.provider.unary('SendMessageSync', aRequest(), known);
  });

  it('a token file that is missing changes nothing', async () => {
    await start();
    const lost = 'callers: [{name: shop, tokenFile: /no/such/file}]\nlogLevel: warn';
    const error = await failureOf(reload(lost));
    expect(statusDetail(error, 'google.rpc.BadRequest')).toMatchObject({
      fieldViolations: [{ field: 'callers' }],
    });
    expect(running?.app.logger.level).toBe('info');
    await ask();
  });

  it('a catalogue that is wrong changes nothing', async () => {
    const { directory } = await start();
    writeFileSync(join(directory, 'models.yaml'), 'version: 1\nmodels: nothing');
    const error = await failureOf(
      reload(
        `catalogue: {file: ${join(directory, 'models.yaml')}}\ndefaultModel: gpt-4o`.replace(
          /^/,
          '',
        ),
      ),
    );
    expect(codeName(error)).toBe('INVALID_ARGUMENT');
    await ask();
    expect(running?.stub.requests.at(-1)?.body.model).toBe('gpt-4o-mini');
  });

  it('answers stay in the cache as long as they may be given', async () => {
    const cache = (fields: string) => `cache: {enabled: true, deterministicOnly: false${fields}}`;
    const { stub } = await start(cache(''));
    await ask();
    await reload(cache(', maxEntries: 5, ttl: 5m'));
    expect(await ask()).toMatchObject({ response: { cached: true } });
    await reload('');
    expect(await ask()).toMatchObject({ response: { cached: false } });
    expect(stub.requests).toHaveLength(2);
  });

  it('the deadline of calls that bring none, and the level of the log', async () => {
    const { stub } = await start();
    await reload('timeout: 50ms\nlogLevel: warn');
    expect(running?.app.logger.level).toBe('warn');
    stub.setDefault(firstTokenAfter(new Promise(() => {})));
    expect(codeName(await failureOf(ask()))).toBe('DEADLINE_EXCEEDED');
  });

  it('an answer is given to the repeat of a call although its profile is another by now', async () => {
    const { stub } = await start();
    const call = { idempotencyKey: 'order-1' };
    const first = await ask(call);
    await reload('profiles: {gpt-4o-mini: {temperature: 0.7}}');
    expect(await ask(call)).toMatchObject({
      response: { content: (first.response as { content: string }).content },
    });
    expect(stub.requests).toHaveLength(1);
  });
});

describe('a file that is another one', () => {
  it('is read once it stands still, also if a link above it is what changed', async () => {
    const clock = new FakeClock();
    running = await startReloadingApp(BASE, clock);
    const { directory, log, app } = running;
    // As Kubernetes mounts a ConfigMap.
    const mount = (name: string, yaml: string) => {
      mkdirSync(join(directory, name));
      writeFileSync(join(directory, name, 'config.yaml'), yaml);
      symlinkSync(name, join(directory, 'next'));
      renameSync(join(directory, 'next'), join(directory, '..data'));
    };
    mount('..1', `${BASE}logLevel: info`);
    rmSync(join(directory, 'config.yaml'));
    symlinkSync('..data/config.yaml', join(directory, 'config.yaml'));
    const look = async () => {
      clock.advance(2_000);
      await after(20);
    };
    const read = () => log.lines.filter(({ cause }) => cause === 'file').length;
    const lookUntil = async (isSeen: () => boolean) => {
      while (!isSeen()) await look();
    };
    await lookUntil(() => read() > 0);
    mount('..2', `${BASE}logLevel: debug`);
    await look();
    expect(read()).toBe(1);
    await lookUntil(() => log.lines.some(({ changed }) => String(changed) === 'logLevel'));
    expect(app.logger.level).toBe('debug');
    mount('..3', `${BASE}logLevel: loud`);
    await lookUntil(() => log.lines.some(({ level }) => level === 'error'));
    expect(app.logger.level).toBe('debug');
  });

  it('is read at a signal, too, after the one that is read just now', async () => {
    const { app, log } = await start();
    running?.write(`${BASE}logLevel: debug`);
    app.reload();
    app.reload();
    await log.find(({ cause }) => cause === 'signal');
    expect(app.logger.level).toBe('debug');
  });

  it('says of a signal that nothing has changed', async () => {
    const { app, log } = await start();
    app.reload();
    await log.find(({ msg }) => msg === 'configuration read again: unchanged');
  });

  it('is read once for a hundred signals that come one behind the other', async () => {
    const { app, log } = await start();
    running?.write(`${BASE}logLevel: loud`);
    for (let signal = 0; signal < 100; signal += 1) {
      app.reload();
      await Promise.resolve();
    }
    await log.find(({ level }) => level === 'error');
    await new Promise((resolve) => setImmediate(resolve));
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });
});

describe('a reload', () => {
  it('that is refused says why: to the caller, in log, metric, status and page', async () => {
    const { client, log, app } = await start();
    const { status: before } = await client.provider.unary('GetStatus');
    const error = await failureOf(reload('logLevel: loud\nretryPolicy: {maxAttempts: 0}'));
    expect(statusDetail(error, 'google.rpc.BadRequest')).toMatchObject({
      fieldViolations: [{ field: 'retryPolicy.maxAttempts' }, { field: 'logLevel' }],
    });
    const sentence = 'The changed configuration is refused: retryPolicy.maxAttempts: ';
    const { status } = await client.provider.unary('GetStatus');
    expect(status).toMatchObject({
      configRevision: (before as { configRevision: string }).configRevision,
      problems: [expect.stringContaining(sentence)],
    });
    expect(await log.find(({ level }) => level === 'error')).toMatchObject({
      level: 'error',
      cause: 'call',
      problems: [expect.stringContaining('maxAttempts'), expect.stringContaining('logLevel')],
    });
    const text = async (path: string) => (await fetch(`http://${app.adminAddress}${path}`)).text();
    expect(await text('/')).toContain(sentence);
    const metrics = await text('/metrics');
    expect(metrics).toMatch(/config_reloads_total\{[^}]*refused[^}]*\} 1/);
    expect(metrics).toMatch(/config_refused\S* 1/);

    await reload('');
    expect(await client.provider.unary('GetStatus')).toMatchObject({ status: { problems: [] } });
    expect(await text('/metrics')).toMatch(/config_refused\S* 0/);
  });

  // Kubernetes brings a ConfigMap and the Secret that it names one by one.
  it('that is refused for a file that is not there yet holds once it is, and is told once until then', async () => {
    const clock = new FakeClock();
    running = await startReloadingApp(BASE, clock);
    const { log, directory, app } = running;
    const file = join(directory, 'second-key');
    await failureOf(reload(`logLevel: debug\nkeys: [{file: ${file}}]`));
    const again = async () => {
      clock.advance(10_000);
      await after(20);
    };
    await again();
    await again();
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    const metrics = await (await fetch(`http://${app.adminAddress}/metrics`)).text();
    expect(metrics).toMatch(/config_reloads_total\{[^}]*refused[^}]*\} 1/);
    writeFileSync(file, 'the-secret-second');
    await again();
    expect(await log.find(({ cause }) => cause === 'refusal')).toMatchObject({
      changed: ['keys', 'logLevel'],
    });
    expect(app.logger.level).toBe('debug');
  });

  it('names what waits for a restart, and those who watch hear of it', async () => {
    const { client } = await start();
    const watch = client.provider.stream('WatchStatus');
    watch.on('error', () => {});
    await nextMessage(watch);
    const news = nextMessage(watch);
    const answered = await reload('reflection: false\nlogLevel: warn');
    expect(answered).toMatchObject({ changed: ['logLevel'], needsRestart: ['reflection'] });
    expect(await news).toMatchObject({
      status: {
        configRevision: answered.configRevision,
        problems: ['A change of reflection waits for a restart.'],
      },
    });
    watch.cancel();
  });

  it('is for those whom the configuration lets', async () => {
    const { client, directory } = await start();
    writeFileSync(join(directory, 'config.yaml'), BASE);
    await client.provider.unary('ReloadConfig');
    const error = await failureOf(client.provider.unary('ReloadConfig'));
    expect(codeName(error)).toBe('PERMISSION_DENIED');
  });
});
