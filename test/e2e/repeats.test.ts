import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '../support/fake-clock.ts';
import { textOf } from '../support/fault-checks.ts';
import { codeName, collect, nextMessage } from '../support/grpc-client.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import { answer, httpError } from '../support/upstream/index.ts';

const MODEL = 'defaultModel: gpt-4o-mini';

let running: RunningApp;
afterEach(() => running.stop());

const stream = (fields: object = {}, signal?: AbortSignal) =>
  running.client.provider.stream(
    'SendMessage',
    aRequest({ idempotencyKey: 'k-1', ...fields }),
    signal && { signal },
  );

async function ask(fields: object = {}) {
  const { messages, status } = await collect(stream(fields));
  return { text: textOf(messages), code: codeName(status), completed: messages.at(-1)?.completed };
}

describe('a repeated call', () => {
  it('gets the answer of the first, which alone is billed', async () => {
    running = await startApp(MODEL);
    const first = await ask();
    expect(first.completed).toMatchObject({ shared: false, attempts: 1 });
    const again = await ask({ metadata: { traceId: 'another' } });
    expect(again).toMatchObject({
      text: first.text,
      completed: { shared: true, cached: false, attempts: 0, usage: null, cost: null },
    });
    expect(running.stub.requests).toHaveLength(1);
    const { total } = await running.client.usage.unary('GetUsage', { groupBy: [] });
    expect(total).toMatchObject({ attempts: 1, inputTokens: 6 });
  });

  it('joins the first while that runs', async () => {
    running = await startApp(MODEL);
    const [first, ...others] = await Promise.all([ask(), ask(), ask()]);
    expect(running.stub.requests).toHaveLength(1);
    expect(first).toMatchObject({ code: 'OK', completed: { shared: false } });
    for (const other of others) {
      expect(other).toMatchObject({ text: first?.text, completed: { shared: true, saved: {} } });
    }
  });

  it('finds a call that its caller has left', async () => {
    running = await startApp(MODEL);
    running.stub.enqueue(answer({ text: 'Hello again and again.', paceMs: 100 }));
    const leaving = new AbortController();
    const first = stream({}, leaving.signal);
    const ended = collect(first);
    await nextMessage(first);
    leaving.abort();
    expect(codeName((await ended).status)).toBe('CANCELLED');
    expect(await ask()).toMatchObject({
      code: 'OK',
      text: 'Hello again and again.',
      completed: { shared: true },
    });
    expect(running.stub.requests).toHaveLength(1);
  });

  it('is refused with another request', async () => {
    running = await startApp(MODEL);
    await ask();
    expect(await ask({ temperature: 1 })).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await ask({ temperature: 1, idempotencyKey: 'k-2' })).toMatchObject({ code: 'OK' });
    expect(await ask({ metadata: { project_id: 'p' } })).toMatchObject({
      completed: { shared: false },
    });
  });

  it('is a new call where the first failed, and after 10 minutes', async () => {
    const clock = new FakeClock();
    running = await startApp(`${MODEL}\nretryPolicy: { maxAttempts: 1 }`, {}, clock);
    running.stub.enqueue(httpError(500));
    expect((await ask()).code).toBe('UNAVAILABLE');
    expect(await ask()).toMatchObject({ completed: { shared: false } });
    clock.advance(599_000);
    expect(await ask()).toMatchObject({ completed: { shared: true } });
    clock.advance(2_000);
    expect(await ask()).toMatchObject({ completed: { shared: false } });
  });

  it.each(['with space', 'x'.repeat(129), 'ü'])('is refused with the key %j', async (key) => {
    running = await startApp(MODEL);
    expect(await ask({ idempotencyKey: key })).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
