import { once } from 'node:events';
import { setImmediate as settled } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { WatchStatusResponse } from '../../../src/gen/tamma/provider/v1/provider.ts';
import type { UpstreamStatus } from '../../../src/provider/provider.ts';
import { StatusBoard } from '../../../src/server/status/watch.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { aBudget, anUpstreamStatus, DOLLAR, FakeProvider } from '../../support/fake-provider.ts';
import { codeName, collect, nextMessage } from '../../support/grpc-client.ts';
import { grpcStatus, RawGrpc } from '../../support/raw-grpc.ts';
import { REQUEST, serverPerTest } from '../../support/server-per-test.ts';

const ENDPOINT = 'https://azure.test';

const MODEL = {
  model: 'gpt-test',
  circuit: 'closed',
  running: 3,
  queued: 2,
  concurrencyLimit: 5,
} as const;

const start = serverPerTest();

describe('GetStatus', () => {
  it('tells state, version, uptime and upstreams', async () => {
    const clock = new FakeClock(1000);
    const running = await start({}, { clock });
    running.provider.health = [
      anUpstreamStatus({
        target: 'azure',
        endpoint: ENDPOINT,
        healthy: false,
        lastFailureAt: 5000,
        lastFailureReason: 'NETWORK_ERROR',
        models: [{ ...MODEL, circuit: 'half_open' }],
        keys: 3,
        keysSetAside: 2,
      }),
    ];
    clock.advance(61_500);
    expect(await running.client.provider.unary('GetStatus')).toMatchObject({
      status: {
        state: 'STATE_SERVING',
        provider: 'openai',
        version: '1.2.3',
        configRevision: 'abcdef012345',
        uptime: { seconds: 61, nanos: 500_000_000 },
        activeCalls: 0,
        upstreams: [
          {
            endpoint: ENDPOINT,
            healthy: false,
            lastSuccessTime: null,
            lastFailureTime: { seconds: 5 },
            lastFailureReason: 'ERROR_REASON_NETWORK_ERROR',
            target: 'azure',
            models: [
              {
                model: 'gpt-test',
                circuit: 'CIRCUIT_HALF_OPEN',
                running: 3,
                queued: 2,
                concurrencyLimit: 5,
              },
            ],
            keys: 3,
            keysSetAside: 2,
          },
        ],
      },
    });
  });
});

describe('WatchStatus', () => {
  it('sends the state, each change of health, and ends OK after DRAINING', async () => {
    const running = await start();
    const stream = running.client.provider.stream('WatchStatus');
    const outcome = collect(stream);
    expect(await nextMessage(stream)).toMatchObject({ status: { state: 'STATE_SERVING' } });
    // A call that changes nothing but the time of the last success and the models that were asked.
    const idle = { ...MODEL, running: 0, queued: 0 };
    running.provider.health = [anUpstreamStatus({ lastSuccessAt: 1, models: [idle] })];
    await running.client.provider.unary('SendMessageSync', REQUEST);
    const changed = nextMessage(stream);
    running.provider.health = [anUpstreamStatus({ healthy: false })];
    await running.client.provider.unary('SendMessageSync', REQUEST);
    expect(await changed).toMatchObject({ status: { upstreams: [{ healthy: false }] } });
    await running.server.drain();
    const { status, messages } = await outcome;
    expect(codeName(status)).toBe('OK');
    expect(messages.map((m) => (m.status as { state: string }).state)).toEqual([
      'STATE_SERVING',
      'STATE_SERVING',
      'STATE_DRAINING',
    ]);
  });

  it('fails without details when the state cannot be told', async () => {
    const running = await start();
    running.provider.upstreams = () => {
      throw new Error('no status today');
    };
    const { status } = await collect(running.client.provider.stream('WatchStatus'));
    expect(codeName(status)).toBe('INTERNAL');
    expect(status.details).not.toContain('today');
  });

  it('is given no deadline', async () => {
    const clock = new FakeClock();
    const running = await start({ defaultDeadlineMs: 1000 }, { clock });
    const stream = running.client.provider.stream('WatchStatus');
    const outcome = collect(stream);
    await nextMessage(stream);
    clock.advance(3_600_000);
    await running.server.drain();
    const { status, messages } = await outcome;
    expect(codeName(status)).toBe('OK');
    expect(messages).toHaveLength(2);
    expect(clock.pending).toBe(0);
  });

  it('does not pile up states for a watcher who does not read', async () => {
    const running = await start({ drainGraceMs: 30_000 });
    const { provider, client, addresses, server } = running;
    const endpoint = 'x'.repeat(100_000);
    provider.health = [anUpstreamStatus({ endpoint })];
    const raw = new RawGrpc(addresses[0] ?? '');
    const stream = raw.call('/tamma.provider.v1.IAIProvider/WatchStatus', Buffer.alloc(0));
    await once(stream, 'response');
    const changes = 40;
    for (let change = 0; change < changes; change += 1) {
      provider.health = [anUpstreamStatus({ endpoint, healthy: change % 2 === 1 })];
      await client.provider.unary('SendMessageSync', REQUEST);
    }
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    const drained = server.drain();
    expect(await grpcStatus(stream)).toBe(0);
    expect(bytes).toBeLessThan((changes / 2) * endpoint.length);
    await drained;
    await raw.close();
  });

  it('ends when the watcher leaves, or when its own deadline passes', async () => {
    const running = await start();
    const cancel = new AbortController();
    const left = running.client.provider.stream('WatchStatus', {}, cancel);
    const outcome = collect(left);
    await nextMessage(left);
    cancel.abort();
    expect(codeName((await outcome).status)).toBe('CANCELLED');
    const deadline = Date.now() + 200;
    const late = await collect(running.client.provider.stream('WatchStatus', {}, { deadline }));
    expect(codeName(late.status)).toBe('DEADLINE_EXCEEDED');
  });
});

describe('StatusBoard', () => {
  const board = (provider: FakeProvider, clock = new FakeClock()) =>
    new StatusBoard({
      provider,
      clock,
      version: '1.2.3',
      configRevision: 'abcdef012345',
      configProblems: [],
      activeCalls: () => 0,
      load: () => 0,
      drainLeftMs: () => undefined,
    });

  const stateOf = ({ value }: IteratorResult<Buffer, void>) =>
    WatchStatusResponse.decode(value ?? Buffer.alloc(0)).status;

  it('tells a bound caller of its own budgets alone, also among the problems, however many there are', async () => {
    const provider = new FakeProvider();
    const budget = (subject: string, spent: bigint) =>
      aBudget({ name: 'users', scope: 'user', subject, limit: DOLLAR, spent });
    provider.budgets = [
      aBudget({ name: 'everybody', scope: 'all', limit: DOLLAR, spent: DOLLAR }),
      ...Array.from({ length: 30 }, (_, i) => budget(`u-${i + 2}`, DOLLAR)),
      budget('u-1', (DOLLAR * 9n) / 10n),
    ];
    const status = board(provider);
    const bound = { name: 'shop', userId: 'u-1' };
    const own = {
      budgets: [{ subject: 'u-1' }],
      problems: ['The budget users of u-1 is spent to 90 %.'],
    };
    expect(status.current(bound)).toMatchObject(own);
    const { signal } = new AbortController();
    const [all, watched, again] = [undefined, bound, bound].map((caller) =>
      status.watch(signal, caller),
    );
    expect(stateOf((await all?.next()) as IteratorResult<Buffer, void>)?.budgets).toHaveLength(20);
    const message = (await watched?.next()) as IteratorResult<Buffer, void>;
    expect(stateOf(message)).toMatchObject(own);
    expect((await again?.next())?.value).toBe(message.value);
    status.drain();
    for (const watch of [all, watched, again]) await watch?.return(undefined);
  });

  it('gives a slow watcher the latest state, not each one it missed', async () => {
    const provider = new FakeProvider();
    const clock = new FakeClock();
    const status = board(provider, clock);
    const watch = status.watch(new AbortController().signal);
    await watch.next();
    for (const healthy of [false, true, false]) {
      provider.health = [anUpstreamStatus({ healthy })];
      status.refresh();
      clock.advance(250);
    }
    expect(stateOf(await watch.next())).toMatchObject({ upstreams: [{ healthy: false }] });
    status.drain();
    expect(stateOf(await watch.next())).toMatchObject({ state: 2 });
    expect(await watch.next()).toEqual({ done: true, value: undefined });
  });

  it.each<[string, Partial<UpstreamStatus>]>([
    ['a circuit that opens', { models: [{ ...MODEL, circuit: 'open' }] }],
    ['a circuit that half-opens', { models: [{ ...MODEL, circuit: 'half_open' }] }],
    ['a key that is set aside', { keysSetAside: 1 }],
    ['a queue that grows', { models: [MODEL] }],
  ])('tells of %s within a second, also if no call ends', async (_name, change) => {
    const clock = new FakeClock();
    const provider = new FakeProvider();
    const watch = board(provider, clock).watch(new AbortController().signal);
    await watch.next();
    const told: unknown[] = [];
    const next = watch.next().then(({ value }) => told.push(value));
    // Nothing that a watcher is told of.
    const idle = { ...MODEL, running: 0, queued: 0 };
    provider.health = [anUpstreamStatus({ models: [idle], lastSuccessAt: 1 })];
    clock.advance(1000);
    await settled();
    expect(told).toEqual([]);
    provider.health = [anUpstreamStatus(change)];
    clock.advance(999);
    await settled();
    expect(told).toEqual([]);
    clock.advance(1);
    await next;
    expect(told).toHaveLength(1);
    provider.health = [anUpstreamStatus({ models: [{ ...MODEL, queued: 9 }] })];
    clock.advance(1000);
    await watch.next();
    await watch.return();
    expect(clock.pending).toBe(0);
  });

  it('tells of a budget that others have spent', async () => {
    const clock = new FakeClock();
    const provider = new FakeProvider();
    const watch = board(provider, clock).watch(new AbortController().signal);
    await watch.next();
    const next = watch.next();
    provider.budgets = [aBudget({ limit: DOLLAR, spent: DOLLAR })];
    clock.advance(1_000);
    expect(stateOf(await next)?.problems).toEqual([expect.stringContaining('is spent')]);
    await watch.return();
  });

  it('looks four times a second however many calls end, sums attempts once, and rests unwatched', async () => {
    const clock = new FakeClock();
    const provider = new FakeProvider();
    let looks = 0;
    let sums = 0;
    provider.upstreams = () => {
      looks += 1;
      const model = {
        ...MODEL,
        get statistics() {
          sums += 1;
          return undefined;
        },
      };
      return [anUpstreamStatus({ models: [model] })];
    };
    const status = board(provider, clock);
    status.refresh();
    expect([looks, clock.pending]).toEqual([0, 0]);
    const { signal } = new AbortController();
    const watches = Array.from({ length: 10 }, () => status.watch(signal));
    for (const watch of watches) await watch.next();
    const opened = { looks, sums };
    for (let call = 0; call < 10_000; call += 1) {
      status.refresh();
      clock.advance(1);
    }
    // Of a second, four looks at the state, and one at figures, which the state is part of.
    expect(looks - opened.looks).toBeLessThanOrEqual(60);
    expect(sums - opened.sums).toBe(10);
    for (const watch of watches) await watch.return();
    expect(clock.pending).toBe(0);
  });

  it("throws the signal's reason to a watcher whose signal aborts", async () => {
    const controller = new AbortController();
    const watch = board(new FakeProvider()).watch(controller.signal);
    await watch.next();
    const next = watch.next();
    controller.abort(new Error('gone'));
    await expect(next).rejects.toThrow('gone');
  });
});
