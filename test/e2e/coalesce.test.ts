import { afterEach, describe, expect, it } from '@jest/globals';
import { textOf } from '../support/fault-checks.ts';
import { codeName, collect, nextMessage } from '../support/grpc-client.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import { answer, firstTokenAfter, httpError } from '../support/upstream/index.ts';

const MODEL = 'defaultModel: gpt-4o-mini';
const CACHED = `${MODEL}\ncache: { enabled: true }`;
const TEXT = 'Hello again and again and again.';

let running: RunningApp;
afterEach(() => running.stop());

const stream = (fields: object = {}, signal?: AbortSignal) =>
  running.client.provider.stream(
    'SendMessage',
    aRequest({ temperature: 0, ...fields }),
    signal && { signal },
  );

/** Asks again until it is so. */
async function until<Found>(look: () => Promise<Found>, isSo: (found: Found) => boolean) {
  for (;;) {
    const found = await look();
    if (isSo(found)) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Until so many calls have found nothing in the cache, and share what runs. */
const joined = (calls: number) =>
  until(
    () => running.client.provider.unary('GetStatus'),
    ({ status }) => (status as CacheStatus).cache?.misses === calls,
  );

async function ask(fields: object = {}) {
  const { messages, status } = await collect(stream(fields));
  return { text: textOf(messages), code: codeName(status), completed: messages.at(-1)?.completed };
}

const usageBy = (dimension: string) =>
  running.client.usage.unary('GetUsage', { groupBy: [dimension] });

const byUser = (userId: string) => ({ metadata: { user_id: userId, project_id: 'apollo' } });

describe('identical calls at the same time', () => {
  it('make one request, also with an idempotency key each, and over SendMessageSync', async () => {
    running = await startApp(CACHED);
    const gate = Promise.withResolvers<void>();
    running.stub.enqueue(firstTokenAfter(gate.promise, { text: TEXT }));
    const first = ask();
    await joined(1);
    const others = Promise.all([
      ask({ idempotencyKey: 'k-1' }),
      ask({ idempotencyKey: 'k-2' }),
      running.client.provider.unary('SendMessageSync', aRequest({ temperature: 0 })),
    ]);
    await joined(4);
    gate.resolve();
    const [one, other, sync] = await others;
    expect(running.stub.requests).toHaveLength(1);
    for (const { text, completed } of [one, other]) {
      expect(text).toBe(TEXT);
      expect(completed).toMatchObject({ shared: true, attempts: 0, usage: null, cost: null });
    }
    expect(sync).toMatchObject({ response: { content: TEXT, shared: true, saved: {} } });
    expect((await first).completed).toMatchObject({ shared: false, attempts: 1, cost: {} });
    const { total } = await usageBy('USAGE_DIMENSION_OUTCOME');
    expect(total).toMatchObject({ attempts: 1 });
  });

  it('leave their answer in the cache once', async () => {
    running = await startApp(CACHED);
    const gate = Promise.withResolvers<void>();
    running.stub.enqueue(firstTokenAfter(gate.promise, { text: TEXT }));
    const calls = [ask(), ask(), ask()];
    await joined(3);
    gate.resolve();
    const together = await Promise.all(calls);
    expect(together.filter(({ completed }) => (completed as Shared).shared)).toHaveLength(2);
    expect(await ask()).toMatchObject({ text: TEXT, completed: { cached: true } });
    expect(running.stub.requests).toHaveLength(1);
    const { status } = await running.client.provider.unary('GetStatus');
    expect(status).toMatchObject({ cache: { entries: 1, hits: 1, misses: 3 } });
  });

  it('are billed to who is still there when the first has left', async () => {
    running = await startApp(`${CACHED}\nbudgets: [{ name: users, scope: user, limit: 1 }]`);
    const gate = Promise.withResolvers<void>();
    running.stub.enqueue(firstTokenAfter(gate.promise, { text: TEXT }));
    const leaving = new AbortController();
    const left = collect(stream(byUser('alice'), leaving.signal));
    await joined(1);
    const stays = ask(byUser('bob'));
    await joined(2);
    leaving.abort();
    expect(codeName((await left).status)).toBe('CANCELLED');
    await until(
      () => running.client.usage.unary('GetBudgets', {}),
      ({ budgets }) => (budgets as Budget[]).every(({ subject }) => subject === 'bob'),
    );
    gate.resolve();
    const { text, completed } = await stays;
    expect(text).toBe(TEXT);
    expect(completed).toMatchObject({ shared: false, attempts: 1, cost: {} });
    const { budgets } = await running.client.usage.unary('GetBudgets', {});
    const spent = (budgets as Budget[]).filter(({ spent: { nanos } }) => nanos > 0);
    expect(spent.map(({ subject }) => subject)).toEqual(['bob']);
    const { rows } = await usageBy('USAGE_DIMENSION_USER');
    expect(rows).toMatchObject([{ userId: 'bob', attempts: 1 }]);
  });

  it('end at the upstream with the last, and are booked with what it got', async () => {
    running = await startApp(MODEL);
    running.stub.enqueue(answer({ text: TEXT, paceMs: 1_000 }));
    const asked = { cache: { coalesce: true } };
    const leaving = new AbortController();
    const sent = [stream(asked, leaving.signal), stream(asked, leaving.signal)];
    const ended = sent.map(collect);
    await Promise.all(sent.map(nextMessage));
    leaving.abort();
    for (const { status } of await Promise.all(ended)) expect(codeName(status)).toBe('CANCELLED');
    expect(running.stub.requests).toHaveLength(1);
    const { rows } = await until(
      () => usageBy('USAGE_DIMENSION_OUTCOME'),
      ({ rows: found }) => (found as unknown[]).length > 0,
    );
    expect(rows).toMatchObject([{ outcome: 'CANCELLED', attempts: 1 }]);
  });

  it('share the attempts that failed before, too', async () => {
    running = await startApp(CACHED);
    const gate = Promise.withResolvers<void>();
    running.stub.enqueue(httpError(503), firstTokenAfter(gate.promise, { text: TEXT }));
    const calls = [ask(), ask()];
    await joined(2);
    gate.resolve();
    const answers = await Promise.all(calls);
    for (const { text } of answers) expect(text).toBe(TEXT);
    expect(running.stub.requests).toHaveLength(2);
  });
});

interface Shared {
  readonly shared: boolean;
}

interface CacheStatus {
  readonly cache?: { readonly misses: number };
}

interface Budget {
  readonly subject: string;
  readonly spent: { readonly nanos: number };
}
