import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import type { AttemptProgress, Call } from '../../../src/provider/call.ts';
import { ProviderError } from '../../../src/provider/errors.ts';
import type { ProviderEvent } from '../../../src/provider/events.ts';
import { attemptTimeout } from '../../../src/provider/stages/attempt-timeout.ts';
import type { TimeoutOptions } from '../../../src/provider/timeouts/options.ts';
import { aCall, completed, started, text } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const TIMEOUTS: TimeoutOptions = {
  connectMs: 10,
  headersMs: 20,
  firstTokenMs: 30,
  idleMs: 40,
  models: [],
};

/** An upstream that does what the test tells it, and rejects when its signal is aborted. */
class ScriptedUpstream {
  call: Call | undefined;
  returned = false;
  #waiting: PromiseWithResolvers<IteratorResult<ProviderEvent>> | undefined;
  readonly abortError: () => unknown;

  constructor(abortError: () => unknown = () => this.call?.signal.reason) {
    this.abortError = abortError;
  }

  readonly answer = (call: Call): AsyncIterable<ProviderEvent> => {
    this.call = call;
    call.signal.addEventListener('abort', () => this.#waiting?.reject(this.abortError()));
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          this.#waiting = Promise.withResolvers();
          return this.#waiting.promise;
        },
        return: async () => {
          this.returned = true;
          return { done: true, value: undefined };
        },
      }),
    };
  };

  progress(progress: AttemptProgress): void {
    this.call?.onProgress(progress);
  }

  send(event: ProviderEvent): void {
    this.#waiting?.resolve({ done: false, value: event });
  }

  end(): void {
    this.#waiting?.resolve({ done: true, value: undefined });
  }

  fail(error: unknown): void {
    this.#waiting?.reject(error);
  }
}

function run(fields: Partial<Call> = {}, upstream = new ScriptedUpstream()) {
  const clock = new FakeClock();
  const parent = new AbortController();
  const call = aCall({ signal: parent.signal, ...fields });
  const events = attemptTimeout(TIMEOUTS, clock)(upstream.answer)(call)[Symbol.asyncIterator]();
  /** Asks for the next event and lets the upstream deliver it. */
  const receive = (event: ProviderEvent) => {
    const result = events.next();
    upstream.send(event);
    return result;
  };
  return { clock, parent, upstream, events, receive };
}

async function failureOf(result: Promise<unknown>): Promise<ProviderError> {
  return result.then(
    () => {
      throw new Error('did not fail');
    },
    (error) => error,
  );
}

describe('attemptTimeout', () => {
  it('times the connection', async () => {
    const { clock, events, upstream } = run();
    const next = events.next();
    clock.advance(9);
    expect(upstream.call?.signal.aborted).toBe(false);
    clock.advance(1);
    const error = await failureOf(next);
    expect(error.reason).toBe('TIMEOUT');
    expect(error.facts).toMatchObject({ timeoutPhase: 'connect', model: 'gpt-test' });
    expect(error.message).toContain('10 ms');
    expect(upstream.call?.signal.reason).toBe(error);
  });

  it('times the headers from the connection on', async () => {
    const { clock, events, upstream } = run();
    const next = events.next();
    clock.advance(9);
    upstream.progress('connected');
    clock.advance(19);
    expect(upstream.call?.signal.aborted).toBe(false);
    clock.advance(1);
    expect((await failureOf(next)).facts.timeoutPhase).toBe('headers');
  });

  it('times the first output from the headers on, whatever else arrives', async () => {
    const { clock, events, upstream } = run();
    const first = events.next();
    upstream.progress('connected');
    upstream.progress('headers');
    clock.advance(20);
    upstream.send(started());
    await first;
    const next = events.next();
    clock.advance(9);
    expect(upstream.call?.signal.aborted).toBe(false);
    clock.advance(1);
    expect((await failureOf(next)).facts.timeoutPhase).toBe('first_token');
  });

  it('times a whole answer from the connection on, which the upstream reports as its headers', async () => {
    const { clock, events, upstream } = run();
    const next = events.next();
    clock.advance(9);
    upstream.progress('connected');
    upstream.progress('headers');
    clock.advance(29);
    expect(upstream.call?.signal.aborted).toBe(false);
    clock.advance(1);
    expect((await failureOf(next)).facts.timeoutPhase).toBe('first_token');
  });

  it('takes an event for headers where the upstream reports no progress', async () => {
    const { clock, events, upstream, receive } = run();
    await receive(started());
    const next = events.next();
    clock.advance(29);
    expect(upstream.call?.signal.aborted).toBe(false);
    clock.advance(1);
    expect((await failureOf(next)).facts.timeoutPhase).toBe('first_token');
  });

  it('ignores progress that comes late or twice', async () => {
    const { clock, events, upstream } = run();
    const next = events.next();
    upstream.progress('headers');
    clock.advance(29);
    upstream.progress('connected');
    upstream.progress('headers');
    clock.advance(1);
    expect((await failureOf(next)).facts.timeoutPhase).toBe('first_token');
  });

  it('times the silence between events after the first output, anew for each', async () => {
    const { clock, events, upstream, receive } = run();
    await receive(text('a'));
    for (const letter of ['b', 'c']) {
      const next = events.next();
      clock.advance(39);
      upstream.send(text(letter));
      expect((await next).value).toEqual(text(letter));
    }
    const next = events.next();
    clock.advance(40);
    const error = await failureOf(next);
    expect(error.facts.timeoutPhase).toBe('idle');
    expect(error.message).toContain('40 ms');
  });

  it('uses one timer for all events', async () => {
    const { clock, receive } = run();
    await receive(started());
    for (let i = 0; i < 10; i++) await receive(text('a'));
    expect(clock.pending).toBe(1);
  });

  it("prefers the call's own time-outs", async () => {
    const { clock, events, receive } = run({ firstTokenTimeoutMs: 3, idleTimeoutMs: 4 });
    await receive(started());
    const second = events.next();
    clock.advance(3);
    expect((await failureOf(second)).message).toContain('3 ms');

    const other = run({ idleTimeoutMs: 4 });
    await other.receive(text('a'));
    const next = other.events.next();
    other.clock.advance(4);
    expect((await failureOf(next)).facts.timeoutPhase).toBe('idle');
  });

  it('stands still while a slow reader holds the upstream back before the first output', async () => {
    const { clock, events, upstream, receive } = run();
    const first = events.next();
    upstream.progress('headers');
    clock.advance(10);
    upstream.send(started());
    await first;
    clock.advance(60_000);
    const next = events.next();
    clock.advance(19);
    expect(upstream.call?.signal.aborted).toBe(false);
    upstream.send(text('a'));
    expect((await next).value).toEqual(text('a'));
    expect((await receive(completed())).value).toEqual(completed());
  });

  it('stands still while a slow reader holds the upstream back after output', async () => {
    const { clock, events, upstream, receive } = run();
    await receive(text('a'));
    clock.advance(60_000);
    const next = events.next();
    clock.advance(39);
    expect(upstream.call?.signal.aborted).toBe(false);
    clock.advance(1);
    expect((await failureOf(next)).facts.timeoutPhase).toBe('idle');
  });

  it('does not time an answer that is complete', async () => {
    const { clock, events, upstream, receive } = run();
    await receive(text('a'));
    await receive(completed());
    expect(clock.pending).toBe(0);
    const end = events.next();
    clock.advance(60_000);
    upstream.end();
    expect(await end).toEqual({ done: true, value: undefined });
    expect(upstream.call?.signal.aborted).toBe(false);
  });

  it('lets completed win that the upstream delivers in spite of the time-out', async () => {
    const { clock, events, upstream, receive } = run();
    await receive(text('a'));
    const next = events.next();
    upstream.send(completed());
    clock.advance(40);
    expect((await next).value).toEqual(completed());
    const end = events.next();
    upstream.end();
    expect(await end).toEqual({ done: true, value: undefined });
  });

  it.each<[string, (upstream: ScriptedUpstream) => void]>([
    ['another event', (upstream) => upstream.send(text('late'))],
    ['an end', (upstream) => upstream.end()],
    ['an error of its own', (upstream) => upstream.fail(new Error('aborted'))],
  ])('fails with TIMEOUT if the upstream answers the abort with %s', async (_, answer) => {
    const { clock, events, upstream, receive } = run();
    await receive(text('a'));
    const next = events.next();
    answer(upstream);
    clock.advance(40);
    expect((await failureOf(next)).reason).toBe('TIMEOUT');
  });

  it("passes the caller's end on with its reason, whatever the upstream throws", async () => {
    const { clock, parent, events } = run({}, new ScriptedUpstream(() => new Error('aborted')));
    const next = events.next();
    const reason = new ProviderError('CANCELLED');
    parent.abort(reason);
    expect(await failureOf(next)).toBe(reason);
    expect(clock.pending).toBe(0);
  });

  it("passes the upstream's own error on, and leaves nothing behind", async () => {
    const { clock, parent, events, upstream } = run();
    const next = events.next();
    const error = new ProviderError('NETWORK_ERROR');
    upstream.fail(error);
    expect(await failureOf(next)).toBe(error);
    expect(clock.pending).toBe(0);
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0);
  });

  it('closes the upstream and leaves nothing behind when the reader leaves early', async () => {
    const { clock, parent, events, upstream, receive } = run();
    await receive(text('a'));
    await events.return?.();
    expect(upstream.returned).toBe(true);
    expect(clock.pending).toBe(0);
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0);
  });

  it('tells whoever listens outside how far the attempt has come', async () => {
    const seen: AttemptProgress[] = [];
    const { upstream, receive } = run({ onProgress: (progress) => seen.push(progress) });
    const first = receive(started());
    upstream.progress('connected');
    upstream.progress('headers');
    await first;
    expect(seen).toEqual(['connected', 'headers']);
  });
});
