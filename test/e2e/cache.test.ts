import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '../support/fake-clock.ts';
import { textOf } from '../support/fault-checks.ts';
import { codeName, collect } from '../support/grpc-client.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import { httpError } from '../support/upstream/index.ts';

const MODEL = 'defaultModel: gpt-4o-mini';
const ON = `${MODEL}\ncache: { enabled: true, allowInvalidate: true }`;

interface Started {
  readonly responseId: string;
  readonly effectiveSettings: object;
  readonly warnings: readonly string[];
}

interface Completed {
  readonly cached: boolean;
  readonly cacheKey: string;
  readonly cost: object;
  readonly saved: object;
}

let running: RunningApp;
afterEach(() => running.stop());

/** A call of temperature 0. */
async function ask(fields: object = {}, client = running.client) {
  const { messages, status } = await collect(
    client.provider.stream('SendMessage', aRequest({ temperature: 0, ...fields })),
  );
  expect(codeName(status)).toBe('OK');
  return {
    text: textOf(messages),
    started: messages[0]?.started as Started,
    completed: messages.at(-1)?.completed as Completed,
    sequence: messages.map(({ sequence }) => sequence),
  };
}

const usageBy = (dimension: string) =>
  running.client.usage.unary('GetUsage', { groupBy: [dimension] });

const invalidate = (what: object) => running.client.provider.unary('InvalidateCache', { ...what });

describe('the response cache', () => {
  it('gives an answer again, without asking the upstream', async () => {
    running = await startApp(ON);
    const first = await ask();
    expect(first.completed).toMatchObject({ cached: false, attempts: 1, saved: null });
    expect(first.completed.cacheKey).toMatch(/^[\w-]{43}$/);
    const second = await ask();
    expect(running.stub.requests).toHaveLength(1);
    expect(second.text).toBe(first.text);
    expect(second.sequence).toEqual([1, 2, 3]);
    expect(second.started).toMatchObject({
      responseId: first.started.responseId,
      attempt: 0,
      upstreamRequestId: '',
      effectiveSettings: first.started.effectiveSettings,
    });
    expect(second.completed).toMatchObject({
      cached: true,
      attempts: 0,
      usage: null,
      cost: null,
      finishReason: 'FINISH_REASON_STOP',
      saved: first.completed.cost,
      cacheKey: first.completed.cacheKey,
    });
  });

  it('gives it whole to SendMessageSync, with the metadata of the call', async () => {
    running = await startApp(ON);
    const { text } = await ask();
    const request = aRequest({ temperature: 0, metadata: { issueId: '7' } });
    await expect(running.client.provider.unary('SendMessageSync', request)).resolves.toMatchObject({
      response: {
        content: text,
        cached: true,
        attempts: 0,
        usage: null,
        metadata: { issueId: '7' },
      },
    });
  });

  it('books hits in the ledger as cached, and nothing for them', async () => {
    running = await startApp(ON);
    await ask();
    await ask();
    await ask();
    const { rows, total } = await usageBy('USAGE_DIMENSION_OUTCOME');
    expect(rows).toMatchObject([
      { outcome: 'completed', attempts: 1, inputTokens: 6 },
      { outcome: 'cached', attempts: 2, inputTokens: 0, cost: { usd: '0' } },
    ]);
    expect(total).toMatchObject({ inputTokens: 6 });
  });

  it('spends no budget on a hit', async () => {
    running = await startApp(`${ON}\nbudgets: [{ name: all, limit: 1 }]`);
    for (let i = 0; i < 3; i += 1) await ask();
    const { budgets } = await running.client.usage.unary('GetBudgets', {});
    expect(budgets).toMatchObject([{ spent: { nanos: 3_900 } }]);
  });

  it('is off unless configured, and tells whoever asks for it', async () => {
    running = await startApp(MODEL);
    await ask();
    const asking = await ask({ cache: { mode: 'CACHE_MODE_USE' } });
    expect(asking.started.warnings).toEqual([expect.stringContaining('cache.enabled')]);
    expect((await ask({ cache: { mode: 'CACHE_MODE_BYPASS' } })).started.warnings).toEqual([]);
    expect(running.stub.requests).toHaveLength(3);
    const { status } = await running.client.provider.unary('GetStatus');
    expect(status).toMatchObject({ cache: null });
  });

  it('keeps out what is sampled freely, and tells whoever asks for it', async () => {
    running = await startApp(ON);
    await ask({ temperature: 0.5 });
    const asking = await ask({ temperature: 0.5, cache: { mode: 'CACHE_MODE_USE' } });
    expect(asking.started.warnings).toEqual([expect.stringContaining('deterministicOnly')]);
    expect(running.stub.requests).toHaveLength(2);
  });

  it('takes models whose sampling cannot be set', async () => {
    running = await startApp('defaultModel: gpt-5\ncache: { enabled: true }');
    await ask({ temperature: undefined });
    expect((await ask({ temperature: undefined })).completed.cached).toBe(true);
  });

  it('is passed by with BYPASS, and written anew with REFRESH', async () => {
    running = await startApp(ON);
    await ask();
    expect((await ask({ cache: { mode: 'CACHE_MODE_BYPASS' } })).completed).toMatchObject({
      cached: false,
      cacheKey: '',
    });
    const anew = await ask({ cache: { mode: 'CACHE_MODE_REFRESH' } });
    expect(anew.completed.cached).toBe(false);
    expect(running.stub.requests).toHaveLength(3);
    const hit = await ask();
    expect(hit.started.responseId).toBe(anew.started.responseId);
  });

  it('has its answers after a restart, where it keeps them in the data directory', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'cache-'));
    try {
      // However slow the machine is, no answer of the store comes too late.
      const clock = new FakeClock(Date.now());
      const yaml = `${MODEL}\ndataDir: '${directory}'\ncache: { enabled: true, storage: sqlite }`;
      running = await startApp(yaml, {}, clock);
      const first = await ask({ cache: { ttl: { seconds: 100 } } });
      expect((await ask()).completed.cached).toBe(true);
      const client = await running.restart();
      const again = await ask({}, client);
      expect(again.completed).toMatchObject({
        cached: true,
        saved: first.completed.cost,
        cacheKey: first.completed.cacheKey,
      });
      expect(again.text).toBe(first.text);
      expect(again.started.effectiveSettings).toEqual(first.started.effectiveSettings);
      expect(running.stub.requests).toHaveLength(1);
      const { status } = await client.provider.unary('GetStatus');
      expect(status).toMatchObject({ cache: { entries: 1, hits: 1, misses: 0 } });
      clock.advance(100_001);
      expect((await ask({}, client)).completed.cached).toBe(false);
    } finally {
      await running.stop();
      rmSync(directory, { recursive: true });
    }
  });

  it('forgets an answer after its time', async () => {
    const clock = new FakeClock();
    running = await startApp(ON, {}, clock);
    await ask({ cache: { ttl: { seconds: 2 } } });
    expect((await ask()).completed.cached).toBe(true);
    clock.advance(2_001);
    expect((await ask()).completed.cached).toBe(false);
    clock.advance(3_599_000);
    expect((await ask()).completed.cached).toBe(true);
  });

  it('keeps projects apart, unless it is shared with all', async () => {
    running = await startApp(ON);
    await ask({ metadata: { project_id: 'a' } });
    expect((await ask({ metadata: { project_id: 'b' } })).completed.cached).toBe(false);
    expect((await ask({ metadata: { projectId: 'a' } })).completed.cached).toBe(true);
    await running.stop();
    running = await startApp(`${MODEL}\ncache: { enabled: true, share: all }`);
    await ask({ metadata: { project_id: 'a' } });
    expect((await ask({ metadata: { project_id: 'b' } })).completed.cached).toBe(true);
  });

  it('does not keep what a fallback answers', async () => {
    running = await startApp(`${ON}\nretryPolicy: { maxAttempts: 1 }`);
    running.stub.enqueue(httpError(503));
    const first = await ask({ fallbackModels: ['gpt-4o'] });
    expect(first.completed).toMatchObject({ attempts: 2, cacheKey: '' });
    const second = await ask({ fallbackModels: ['gpt-4o'] });
    expect(second.completed).toMatchObject({ attempts: 1, cached: false });
  });

  it('shows its state, and lets go of answers when it is told to', async () => {
    running = await startApp(ON);
    const { completed } = await ask({ metadata: { project_id: 'a' } });
    await ask({ metadata: { project_id: 'b' } });
    await ask({ metadata: { project_id: 'b' } });
    const { status } = await running.client.provider.unary('GetStatus');
    expect(status).toMatchObject({ cache: { entries: 2, hits: 1, misses: 2 } });
    expect(await invalidate({ key: completed.cacheKey })).toEqual({ entries: 1 });
    expect(await invalidate({ key: completed.cacheKey })).toEqual({ entries: 0 });
    expect(await invalidate({ projectId: 'a' })).toEqual({ entries: 0 });
    expect(await invalidate({ projectId: 'b' })).toEqual({ entries: 1 });
    await ask();
    expect(await invalidate({ model: 'gpt-4o' })).toEqual({ entries: 0 });
    expect(await invalidate({ model: 'gpt-4o-mini-2024-07-18' })).toEqual({ entries: 1 });
    await ask();
    expect(await invalidate({ all: true })).toEqual({ entries: 1 });
    expect((await ask()).completed.cached).toBe(false);
  });
});
