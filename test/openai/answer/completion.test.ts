import { describe, expect, it } from '@jest/globals';
import { aCall, drainPulled } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import {
  type Behaviour,
  garbageAfterDone,
  noDone,
  type StubUpstream,
} from '../../support/upstream/index.ts';
import {
  abortListeners,
  chunk,
  openUpstream,
  pulled,
  readAll,
  sse,
  sseText,
  textOf,
  USAGE_CHUNK,
  until,
} from '../open-upstream.ts';

const CONTENT = chunk({ content: 'all of it' });
const FINISH = chunk({}, 'stop');

/** Sends these data and then nothing, with the body left open. */
function openEnded(...data: readonly (object | string)[]): Behaviour {
  return (exchange) => {
    exchange.headers();
    exchange.raw(sseText(...data));
  };
}

async function closedByUs(stub: StubUpstream): Promise<void> {
  const request = await stub.waitForRequest(1);
  await request.closed;
  expect(request.closedBy).toBe('client');
}

describe('the end of an answer', () => {
  it.each<[string, Behaviour, boolean]>([
    ['[DONE]', sse(CONTENT, FINISH, USAGE_CHUNK, '[DONE]'), false],
    ['[DONE] without usage', sse(CONTENT, FINISH, '[DONE]'), true],
    ['the end of the body', sse(CONTENT, FINISH, USAGE_CHUNK), false],
    ['the end of the body without usage', sse(CONTENT, FINISH), true],
    ['usage behind the finish reason', noDone(1), false],
    ['[DONE] behind empty events', sse('', CONTENT, '', FINISH, '', '[DONE]'), true],
  ])('is %s', async (_what, script, estimated) => {
    const { upstream } = await openUpstream(script);
    const { signal } = new AbortController();
    const { events, error } = await readAll((emit) => upstream.answer(aCall({ signal }), emit));
    expect(error).toBeUndefined();
    expect(events.at(-1)).toMatchObject({ type: 'completed', usage: { estimated } });
    expect(events.filter((event) => event.type === 'completed')).toHaveLength(1);
    expect(abortListeners(signal)).toBe(0);
  });

  it('is a silence after the finish reason, where no usage comes', async () => {
    const clock = new FakeClock();
    const { stub, upstream } = await openUpstream(openEnded(CONTENT, FINISH), {
      clock,
      afterFinishMs: 100,
    });
    const { signal } = new AbortController();
    const reading = readAll((emit) => upstream.answer(aCall({ signal }), emit));
    await until(() => clock.pending === 1);
    clock.advance(99);
    expect(abortListeners(signal)).toBe(1);
    clock.advance(1);
    const { events } = await reading;
    expect(textOf(events)).toBe('all of it');
    expect(events.at(-1)).toMatchObject({
      type: 'completed',
      usage: { estimated: true, inputTokens: 0, outputTokens: 3 },
      timings: { totalMs: 100, timeToFirstTokenMs: 0 },
    });
    await closedByUs(stub);
    expect(abortListeners(signal)).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('does not come while the upstream still speaks', async () => {
    const clock = new FakeClock();
    const more = Promise.withResolvers<void>();
    const { upstream } = await openUpstream(
      async (exchange) => {
        exchange.headers();
        exchange.raw(sseText(CONTENT, FINISH));
        await more.promise;
        exchange.raw(sseText(chunk({ content: '!' })));
      },
      { clock, afterFinishMs: 100 },
    );
    const events = pulled(upstream, aCall());
    const next = async () => (await events.next()).value;
    expect(await next()).toMatchObject({ type: 'started' });
    expect(await next()).toMatchObject({ text: 'all of it' });
    clock.advance(99);
    more.resolve();
    expect(await next()).toMatchObject({ text: '!' });
    clock.advance(99);
    clock.advance(1);
    expect(await next()).toMatchObject({ type: 'completed', timings: { totalMs: 199 } });
  });

  it('waits a second for the end once the usage is known, however long the wait is else', async () => {
    const clock = new FakeClock();
    const script = openEnded(CONTENT, FINISH, USAGE_CHUNK);
    const { stub, upstream } = await openUpstream(script, { clock });
    const reading = readAll((emit) => upstream.answer(aCall(), emit));
    await until(() => clock.pending === 1);
    clock.advance(999);
    expect(clock.pending).toBe(1);
    clock.advance(1);
    const { events } = await reading;
    expect(events.at(-1)).toMatchObject({ type: 'completed', usage: { estimated: false } });
    await closedByUs(stub);
  });

  it('waits five seconds for the usage, and less for it behind [DONE]', async () => {
    const clock = new FakeClock();
    for (const [data, wait] of [
      [[CONTENT, FINISH], 5_000],
      [[CONTENT, FINISH, '[DONE]'], 1_000],
    ] as const) {
      const { upstream } = await openUpstream(openEnded(...data), { clock });
      const reading = readAll((emit) => upstream.answer(aCall(), emit));
      await until(() => clock.pending === 1);
      clock.advance(wait - 1);
      expect(clock.pending).toBe(1);
      clock.advance(1);
      const { events } = await reading;
      expect(events.at(-1)).toMatchObject({ type: 'completed', usage: { estimated: true } });
    }
  });

  it('takes what follows a finish reason, and keeps the connection', async () => {
    const clock = new FakeClock();
    const rest = Promise.withResolvers<void>();
    const { stub, upstream } = await openUpstream(
      async (exchange) => {
        exchange.headers();
        exchange.raw(sseText(chunk({ content: 'all' }, 'stop'), USAGE_CHUNK));
        await rest.promise;
        exchange.raw(sseText(chunk({ content: ' of it' }, 'stop'), '[DONE]'));
        exchange.end();
      },
      { clock },
    );
    const reading = readAll((emit) => upstream.answer(aCall(), emit));
    await until(() => clock.pending === 1);
    clock.advance(900);
    rest.resolve();
    const { events } = await reading;
    expect(textOf(events)).toBe('all of it');
    expect(events.at(-1)).toMatchObject({ type: 'completed', usage: { estimated: false } });
    await until(() => clock.pending === 0);
    expect(stub.requests[0]?.closedBy).toBe('server');
    expect(stub.openConnections()).toBe(1);
  });

  it('takes usage behind [DONE]', async () => {
    const { upstream } = await openUpstream(sse(CONTENT, FINISH, '[DONE]', USAGE_CHUNK));
    const { events } = await readAll((emit) => upstream.answer(aCall(), emit));
    expect(events.at(-1)).toMatchObject({ type: 'completed', usage: { estimated: false } });
  });

  it('is not where a server that gives a reason with every piece breaks off', async () => {
    const { upstream } = await openUpstream(async (exchange) => {
      exchange.headers();
      exchange.raw(sseText(chunk({ content: 'a' }, 'stop'), chunk({ content: 'b' }, 'stop')));
      await exchange.writable();
      exchange.cut();
    });
    const { error } = await readAll((emit) => upstream.answer(aCall(), emit));
    expect(error).toMatchObject({ reason: 'NETWORK_ERROR' });
  });

  it('is the end, whatever comes behind [DONE]; the connection is not used again', async () => {
    const { stub, upstream } = await openUpstream(garbageAfterDone());
    const { events, error } = await readAll((emit) => upstream.answer(aCall(), emit));
    expect(error).toBeUndefined();
    expect(textOf(events)).toBe('word1 word2 word3 ');
    expect(events.at(-1)?.type).toBe('completed');
    await until(() => stub.openConnections() === 0);
  });

  it('is complete although the connection breaks behind the finish reason', async () => {
    const { upstream } = await openUpstream(async (exchange) => {
      exchange.headers();
      exchange.raw(sseText(CONTENT, FINISH));
      await exchange.writable();
      exchange.cut();
    });
    const { events, error } = await readAll((emit) => upstream.answer(aCall(), emit));
    expect(error).toBeUndefined();
    expect(events.at(-1)).toMatchObject({ type: 'completed', usage: { estimated: true } });
  });

  it('does not mind a connection that breaks behind the answer', async () => {
    const clock = new FakeClock();
    const over = Promise.withResolvers<void>();
    const { upstream } = await openUpstream(
      async (exchange) => {
        exchange.headers();
        exchange.raw(sseText(CONTENT, FINISH, USAGE_CHUNK, '[DONE]'));
        await over.promise;
        exchange.reset();
      },
      { clock },
    );
    const { events } = await readAll((emit) => upstream.answer(aCall(), emit));
    expect(events.at(-1)?.type).toBe('completed');
    over.resolve();
    await until(() => clock.pending === 0);
  });

  it('frees the connection although the caller has not read the answer', async () => {
    const clock = new FakeClock();
    const long = chunk({ content: 'x'.repeat(300_000) });
    const over = Promise.withResolvers<void>();
    const { stub, upstream } = await openUpstream(
      async (exchange) => {
        exchange.raw(sseText(long, FINISH, USAGE_CHUNK, '[DONE]'));
        await over.promise;
        exchange.end();
      },
      { clock },
    );
    const events = pulled(upstream, aCall());
    await events.next();
    await until(() => clock.pending === 1);
    over.resolve();
    await until(() => clock.pending === 0);
    expect(stub.openConnections()).toBe(1);
    await events.return?.();
  });

  it('does not lose the usage behind a slow caller', async () => {
    const clock = new FakeClock();
    const long = chunk({ content: 'x'.repeat(2 ** 21) });
    const rest = Promise.withResolvers<void>();
    const { upstream } = await openUpstream(
      async (exchange) => {
        exchange.headers();
        exchange.raw(sseText(long, FINISH));
        await rest.promise;
        exchange.raw(sseText(USAGE_CHUNK, '[DONE]'));
        exchange.end();
      },
      { clock, afterFinishMs: 100 },
    );
    const answer = pulled(upstream, aCall());
    await answer.next();
    await until(() => clock.pending === 1);
    clock.advance(1_000);
    expect(clock.pending).toBe(1);
    rest.resolve();
    const { events: remaining } = await drainPulled(answer);
    expect(remaining.at(-1)).toMatchObject({ type: 'completed', usage: { estimated: false } });
  });
});
