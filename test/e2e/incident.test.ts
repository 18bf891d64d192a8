import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { collect } from '../support/grpc-client.ts';
import { PatientClock } from '../support/patient-clock.ts';
import { describeWithRedis, RedisServer } from '../support/redis-server.ts';
import { type Relay, startRelay } from '../support/relay.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import type { LogLine } from '../support/running-server.ts';
import { answer, firstTokenAfter, httpError } from '../support/upstream/index.ts';

/** How late the first token of the slow target is, in ms. */
const LATE_MS = 400;

interface Status {
  readonly problems: readonly string[];
  readonly sharedStore: {
    readonly healthy: boolean;
    readonly problem: string;
    readonly sinceTime: unknown;
  };
  readonly upstreams: readonly {
    readonly keysSetAside: number;
    readonly models: readonly object[];
  }[];
}

describeWithRedis('an incident', () => {
  let redis: RedisServer;
  let way: Relay;
  let running: RunningApp;
  const clock = new PatientClock();

  beforeAll(async () => {
    redis = await RedisServer.start();
    way = await startRelay(redis.port);
    const yaml = `
defaultModel: gpt-5.4
retryPolicy: { maxAttempts: 1 }
store: redis
redis: { url: 'redis://127.0.0.1:${way.port}', timeout: 2s }
budgets: [{ name: per-user, scope: user, limit: 0.02, period: day }]
`;
    running = await startApp(yaml, {}, clock);
  });
  afterAll(async () => {
    await running.stop();
    await way.close();
    await redis.stop();
  });

  const get = async (path: string) =>
    (await fetch(`http://${running.app.adminAddress}${path}`)).text();
  const status = async () =>
    (await running.client.provider.unary('GetStatus')).status as unknown as Status;

  /** The log line of a call. */
  async function ask(user: string): Promise<LogLine> {
    const before = running.log.lines.length;
    const metadata = { user_id: user };
    await collect(running.client.provider.stream('SendMessage', aRequest({ metadata })));
    return running.log.find(
      (line) => line.call_id !== undefined && running.log.lines.indexOf(line) >= before,
    );
  }

  it('begins with a key that is revoked: what is wrong, and which target is in trouble', async () => {
    running.stub.enqueue(httpError(401, { code: 'invalid_api_key' }));
    const line = await ask('ada');
    expect(line).toMatchObject({ reason: 'INVALID_API_KEY', target: 'default' });
    const { problems, upstreams } = await status();
    expect(problems).toEqual([
      'No target can be asked now.',
      'default: All its API keys are set aside, last for INVALID_API_KEY (invalid_api_key).',
      expect.stringContaining('last with INVALID_API_KEY'),
    ]);
    expect(upstreams[0]).toMatchObject({ ready: false, keysSetAside: 1 });
    expect(await get('/')).toContain(
      '<li>default: All its API keys are set aside, last for INVALID_API_KEY (invalid_api_key).</li>',
    );
    expect(await get('/metrics')).toMatch(/attempts_total\{.*outcome="INVALID_API_KEY".*\} 1\n/);
  });

  it('goes on with a budget that is spent: why it was refused, and what is left', async () => {
    running.stub.enqueue(answer({ usage: { completion_tokens: 2_000 } }));
    const paid = await ask('grace');
    const refused = await ask('grace');
    expect(paid).toMatchObject({
      msg: 'call answered',
      cost_usd: expect.stringMatching(/^0\.0*[1-9]/),
    });
    expect(refused).toMatchObject({
      reason: 'BUDGET_EXCEEDED',
      budget: 'per-user',
      budget_subject: 'grace',
    });
    const explained = JSON.parse(await get(`/calls/${paid.call_id}`));
    expect(explained.charges).toMatchObject([{ attempt: 1, cost_usd: paid.cost_usd }]);
    expect(JSON.parse(await get(`/calls/${refused.call_id}`))).toMatchObject({
      outcome: 'BUDGET_EXCEEDED',
      budget: 'per-user',
      attempts: [],
    });
    expect((await status()).problems).toContain('The budget per-user of grace is spent.');
    const page = await get('/');
    expect(page).toContain('The budget per-user of grace is spent.');
    expect(page).toContain(`<code>BUDGET_EXCEEDED</code>`);
    expect(await get('/metrics')).toMatch(/^tamma_provider_budget_spent\{.*"per-user".*\} 0\.0/m);
  });

  it('goes on with a target that is slow: why the call was', async () => {
    // Late from when it is asked, whenever that is.
    running.stub.enqueue((exchange) => firstTokenAfter(sleep(LATE_MS + 50))(exchange));
    const line = await ask('linus');
    expect(line.time_to_first_token_ms).toBeGreaterThanOrEqual(LATE_MS);
    const { attempts, ...explained } = JSON.parse(await get(`/calls/${line.call_id}`));
    expect(explained).toMatchObject({ backoff_ms: 0 });
    const [attempt] = attempts;
    expect(attempt.first_output_ms - attempt.began_ms).toBeGreaterThanOrEqual(LATE_MS);
    const [, p95] = /<td>(\d+) ms<\/td>/.exec(await get('/')) ?? [];
    expect(Number(p95)).toBeGreaterThanOrEqual(LATE_MS);
    expect((await status()).upstreams[0]?.models[0]).toMatchObject({
      statistics: { timeToFirstToken: { p95: expect.anything() } },
    });
    const seconds = /^gen_ai_client_inference_time_to_first_chunk_seconds_sum\{.*\} (\S+)$/m;
    const [, sum] = seconds.exec(await get('/metrics')) ?? [];
    expect(Number(sum)).toBeGreaterThanOrEqual(LATE_MS / 1_000);
  });

  it('goes on with a Redis that is slow: what is wrong, while calls wait for it', async () => {
    way.delayMs = 60;
    // The first call of a user waits for its lease.
    while (!(await status()).problems.some((problem) => problem.includes('store: It is slow'))) {
      await ask(`new-${Math.random()}`);
    }
    const { sharedStore, problems } = await status();
    expect(sharedStore).toMatchObject({ healthy: true });
    const said = problems.find((problem) => problem.startsWith('The shared store: '));
    expect(said).toMatch(
      /^The shared store: It is slow: every other answer takes \d+ ms or longer\.$/,
    );
    expect(await get('/')).toContain(
      '<span class="state wait">It is slow: every other answer takes',
    );
    const slower =
      /^tamma_provider_shared_store_duration_seconds_bucket\{.*le="(0\.1|\+Inf)".*\} (\d+)$/gm;
    const [fast, all] = [...(await get('/metrics')).matchAll(slower)].map(([, , count]) => count);
    expect(Number(all)).toBeGreaterThan(Number(fast));
    way.delayMs = 0;
  });

  it('ends with Redis gone: what is wrong, while calls go on', async () => {
    expect((await status()).sharedStore).toMatchObject({ healthy: true });
    clock.isPatient = false;
    await redis.kill();
    await running.log.find(({ msg }) => String(msg).startsWith('the shared store is away'));
    expect(await ask('linus')).toMatchObject({ msg: 'call answered' });
    const { sharedStore, problems } = await status();
    const { problem: sentence } = sharedStore;
    expect(sharedStore).toMatchObject({ healthy: false });
    expect(sentence).toMatch(/^It is away \(.+\)\. Calls go on within their leases\.$/);
    expect(problems).toContain(`The shared store: ${sentence}`);
    expect(await get('/')).toContain(
      `<td>Shared store</td><td><span class="state bad">${sentence}`,
    );
    expect(await get('/metrics')).toMatch(/^tamma_provider_shared_store_outage_ratio(\{\})? 1$/m);
  });

  it('has cost what page, metrics and GetUsage say', async () => {
    const groupBy = ['USAGE_DIMENSION_USER'];
    const usage = await running.client.usage.unary('GetUsage', { groupBy });
    const metrics = await get('/metrics');
    const spent = /^tamma_provider_cost_total\{.*\} (\S+)$/m.exec(metrics)?.[1];
    expect(usage).toMatchObject({ partial: true, total: { cost: { usd: spent } } });
  });
});
