import { afterEach, describe, expect, it } from '@jest/globals';
import { textOf } from '../support/fault-checks.ts';
import { codeName, collect, nextMessage } from '../support/grpc-client.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import { answer, httpError } from '../support/upstream/index.ts';

const MODEL = 'defaultModel: gpt-4o-mini';
const TEXT = 'Hello again and again and again.';

let running: RunningApp;
afterEach(() => running.stop());

const stream = (fields: object = {}, signal?: AbortSignal) =>
  running.client.provider.stream(
    'SendMessage',
    aRequest({ cache: { coalesce: true }, ...fields }),
    signal && { signal },
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
    running = await startApp(MODEL);
    running.stub.enqueue(answer({ text: TEXT, paceMs: 20 }));
    const first = stream();
    const ended = collect(first);
    await nextMessage(first);
    const [one, other, sync] = await Promise.all([
      ask({ idempotencyKey: 'k-1' }),
      ask({ idempotencyKey: 'k-2' }),
      running.client.provider.unary('SendMessageSync', aRequest({ cache: { coalesce: true } })),
    ]);
    expect(running.stub.requests).toHaveLength(1);
    for (const { text, completed } of [one, other]) {
      expect(text).toBe(TEXT);
      expect(completed).toMatchObject({ shared: true, attempts: 0, usage: null, cost: null });
    }
    expect(sync).toMatchObject({ response: { content: TEXT, shared: true, saved: {} } });
    const { messages } = await ended;
    expect(messages.at(-1)?.completed).toMatchObject({ shared: false, attempts: 1, cost: {} });
    const { total } = await usageBy('USAGE_DIMENSION_OUTCOME');
    expect(total).toMatchObject({ attempts: 1 });
  });

  it('leave their answer in the cache once', async () => {
    running = await startApp(`${MODEL}\ncache: { enabled: true }`);
    running.stub.enqueue(answer({ text: TEXT, paceMs: 20 }));
    const asked = { temperature: 0, cache: undefined };
    const together = await Promise.all([ask(asked), ask(asked), ask(asked)]);
    expect(together.filter(({ completed }) => (completed as Shared).shared)).toHaveLength(2);
    expect(await ask(asked)).toMatchObject({ text: TEXT, completed: { cached: true } });
    expect(running.stub.requests).toHaveLength(1);
    const { status } = await running.client.provider.unary('GetStatus');
    expect(status).toMatchObject({ cache: { entries: 1, hits: 1, misses: 3 } });
  });

  it('are billed to who is still there when the first has left', async () => {
    running = await startApp(`${MODEL}\nbudgets: [{ name: users, scope: user, limit: 1 }]`);
    running.stub.enqueue(answer({ text: TEXT, paceMs: 50 }));
    const leaving = new AbortController();
    const first = stream(byUser('alice'), leaving.signal);
    const left = collect(first);
    await nextMessage(first);
    const second = stream(byUser('bob'));
    const stays = collect(second);
    await nextMessage(second);
    leaving.abort();
    expect(codeName((await left).status)).toBe('CANCELLED');
    const { messages } = await stays;
    expect(textOf(messages)).toBe(TEXT);
    expect(messages.at(-1)?.completed).toMatchObject({ shared: false, attempts: 1, cost: {} });
    const { budgets } = await running.client.usage.unary('GetBudgets', {});
    const spent = (budgets as Budget[]).filter(({ spent: { nanos } }) => nanos > 0);
    expect(spent.map(({ subject }) => subject)).toEqual(['bob']);
    const { rows } = await usageBy('USAGE_DIMENSION_USER');
    expect(rows).toMatchObject([{ userId: 'bob', attempts: 1 }]);
  });

  it('end at the upstream with the last, and are booked with what it got', async () => {
    running = await startApp(MODEL);
    running.stub.enqueue(answer({ text: TEXT, paceMs: 100 }));
    const leaving = new AbortController();
    const sent = [stream({}, leaving.signal), stream({}, leaving.signal)];
    const ended = sent.map(collect);
    await Promise.all(sent.map(nextMessage));
    leaving.abort();
    for (const { status } of await Promise.all(ended)) expect(codeName(status)).toBe('CANCELLED');
    expect(running.stub.requests).toHaveLength(1);
    const { rows } = await usageBy('USAGE_DIMENSION_OUTCOME');
    expect(rows).toMatchObject([{ outcome: 'CANCELLED', attempts: 1, inputTokens: 6 }]);
  });

  it('share the attempts that failed before, too', async () => {
    running = await startApp(MODEL);
    running.stub.enqueue(httpError(503), answer({ text: TEXT, paceMs: 5 }));
    const answers = await Promise.all([ask(), ask()]);
    for (const { text } of answers) expect(text).toBe(TEXT);
    expect(running.stub.requests).toHaveLength(2);
  });
});

interface Shared {
  readonly shared: boolean;
}

interface Budget {
  readonly subject: string;
  readonly spent: { readonly nanos: number };
}
