import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import type { AttemptProgress, Call, Emit, Handler } from '../../../src/core/call.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import type { AnswerEvent, Completed } from '../../../src/core/events.ts';
import type { TimeoutOptions } from '../../../src/policies/timeouts/options.ts';
import { attemptTimeout } from '../../../src/policies/timeouts/stage.ts';
import { aCall, completed, started, text } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const TIMEOUTS: TimeoutOptions = {
  connectMs: 10,
  headersMs: 20,
  firstTokenMs: 30,
  idleMs: 40,
  afterFinishMs: 5_000,
  models: [],
};

/** An upstream that does what the test tells it, and rejects when its signal is aborted. */
class ScriptedUpstream {
  call: Call | undefined;
  readonly #end = Promise.withResolvers<Completed>();
  readonly #abortError: () => unknown;
  #emit: Emit = () => {};

  constructor(abortError?: () => unknown) {
    this.#abortError = abortError ?? (() => this.call?.signal.reason);
  }

  readonly answer: Handler = (call, emit) => {
    this.call = call;
    this.#emit = emit;
    call.signal.addEventListener('abort', () => this.#end.reject(this.#abortError()));
    return this.#end.promise;
  };

  get aborted(): boolean {
    return this.call?.signal.aborted ?? false;
  }

  progress(progress: AttemptProgress): void {
    this.call?.onProgress(progress);
  }

  send(event: AnswerEvent): void {
    this.#emit(event);
  }

  complete(): void {
    this.#end.resolve(completed());
  }

  fail(error: unknown): void {
    this.#end.reject(error);
  }
}

function run(fields: Partial<Call> = {}, upstream = new ScriptedUpstream(), held = false) {
  const clock = new FakeClock();
  const parent = new AbortController();
  const call = aCall({ signal: parent.signal, ...fields });
  if (held) call.flow.hold();
  const events: AnswerEvent[] = [];
  const handler = attemptTimeout(TIMEOUTS, clock)(upstream.answer);
  const answer = handler(call, (event) => events.push(event));
  const failure = answer.then(
    () => {
      throw new Error('did not fail');
    },
    (error) => error as ProviderError,
  );
  failure.catch(() => {});
  return { clock, parent, flow: call.flow, upstream, events, answer, failure };
}

describe('attemptTimeout', () => {
  it('times the connection', async () => {
    const { clock, failure, upstream } = run();
    clock.advance(9);
    expect(upstream.aborted).toBe(false);
    clock.advance(1);
    const error = await failure;
    expect(error.reason).toBe('TIMEOUT');
    expect(error.facts).toMatchObject({ timeoutPhase: 'connect', model: 'gpt-test' });
    expect(error.message).toContain('10 ms');
    expect(upstream.call?.signal.reason).toBe(error);
  });

  it('times the headers from the connection on', async () => {
    const { clock, failure, upstream } = run();
    clock.advance(9);
    upstream.progress('connected');
    clock.advance(19);
    expect(upstream.aborted).toBe(false);
    clock.advance(1);
    expect((await failure).facts.timeoutPhase).toBe('headers');
  });

  it('begins anew when the upstream says that it is still at it', async () => {
    const { clock, failure, upstream } = run();
    upstream.progress('connected');
    upstream.progress('headers');
    for (let poll = 0; poll < 10; poll += 1) {
      clock.advance(29);
      expect(upstream.aborted).toBe(false);
      upstream.progress('working');
    }
    clock.advance(30);
    expect((await failure).facts.timeoutPhase).toBe('first_token');
  });

  it('times the first output from the headers on, whatever else arrives', async () => {
    const { clock, failure, upstream } = run();
    upstream.progress('connected');
    upstream.progress('headers');
    clock.advance(20);
    upstream.send(started());
    clock.advance(9);
    expect(upstream.aborted).toBe(false);
    clock.advance(1);
    expect((await failure).facts.timeoutPhase).toBe('first_token');
  });

  it('times a whole answer from the connection on, which the upstream reports as its headers', async () => {
    const { clock, failure, upstream } = run();
    clock.advance(9);
    upstream.progress('connected');
    upstream.progress('headers');
    clock.advance(29);
    expect(upstream.aborted).toBe(false);
    clock.advance(1);
    expect((await failure).facts.timeoutPhase).toBe('first_token');
  });

  it('takes an event for headers where the upstream reports no progress', async () => {
    const { clock, failure, upstream } = run();
    upstream.send(started());
    clock.advance(29);
    expect(upstream.aborted).toBe(false);
    clock.advance(1);
    expect((await failure).facts.timeoutPhase).toBe('first_token');
  });

  it('ignores progress that comes late or twice', async () => {
    const { clock, failure, upstream } = run();
    upstream.progress('headers');
    clock.advance(29);
    upstream.progress('connected');
    upstream.progress('headers');
    clock.advance(1);
    expect((await failure).facts.timeoutPhase).toBe('first_token');
  });

  it('times the silence between events after the first output, anew for each', async () => {
    const { clock, events, failure, upstream } = run();
    upstream.send(text('a'));
    for (const letter of ['b', 'c']) {
      clock.advance(39);
      upstream.send(text(letter));
    }
    expect(events).toEqual([text('a'), text('b'), text('c')]);
    clock.advance(39);
    expect(upstream.aborted).toBe(false);
    clock.advance(1);
    const error = await failure;
    expect(error.facts.timeoutPhase).toBe('idle');
    expect(error.message).toContain('40 ms');
  });

  it('uses one timer for all phases and events', () => {
    const { clock, upstream } = run();
    upstream.progress('connected');
    upstream.progress('headers');
    upstream.send(started());
    for (let i = 0; i < 10; i++) {
      clock.advance(9);
      upstream.send(text('a'));
      expect(clock.pending).toBe(1);
    }
    expect(upstream.aborted).toBe(false);
  });

  it("prefers the call's own time-outs", async () => {
    const { clock, failure, upstream } = run({ firstTokenTimeoutMs: 3, idleTimeoutMs: 4 });
    upstream.send(started());
    clock.advance(3);
    expect((await failure).message).toContain('3 ms');

    const other = run({ idleTimeoutMs: 4 });
    other.upstream.send(text('a'));
    other.clock.advance(4);
    expect((await other.failure).facts.timeoutPhase).toBe('idle');
  });

  it('stands still while a slow reader holds the upstream back before the first output', async () => {
    const { clock, failure, flow, upstream } = run();
    upstream.progress('headers');
    clock.advance(10);
    flow.hold();
    clock.advance(60_000);
    flow.release();
    clock.advance(19);
    expect(upstream.aborted).toBe(false);
    clock.advance(1);
    expect((await failure).facts.timeoutPhase).toBe('first_token');
  });

  it('stands still while a slow reader holds the upstream back after output', async () => {
    const { clock, failure, flow, upstream } = run();
    upstream.send(text('a'));
    flow.hold();
    // A paused upstream may still bring one more chunk.
    upstream.send(text('b'));
    clock.advance(60_000);
    flow.release();
    clock.advance(39);
    expect(upstream.aborted).toBe(false);
    clock.advance(1);
    expect((await failure).facts.timeoutPhase).toBe('idle');
  });

  it('takes for no silence what waits to be read, in no phase', async () => {
    const { clock, failure, flow, upstream } = run();
    const source = { unread: true, pause: () => {}, resume: () => {} };
    flow.attach(source);
    upstream.progress('headers');
    clock.advance(60_000);
    upstream.send(text('a'));
    clock.advance(60_000);
    expect(upstream.aborted).toBe(false);
    source.unread = false;
    // It was not from the model.
    clock.advance(1);
    expect((await failure).facts.timeoutPhase).toBe('idle');
  });

  it('times connection and headers also while the caller is slow', async () => {
    const connecting = run({}, new ScriptedUpstream(), true);
    connecting.clock.advance(10);
    expect((await connecting.failure).facts.timeoutPhase).toBe('connect');

    const waiting = run({}, new ScriptedUpstream(), true);
    waiting.upstream.progress('connected');
    waiting.clock.advance(20);
    expect((await waiting.failure).facts.timeoutPhase).toBe('headers');
  });

  it('begins a phase of the body only when the caller reads, if the attempt began held', async () => {
    const { clock, failure, flow, upstream } = run({}, new ScriptedUpstream(), true);
    upstream.progress('headers');
    clock.advance(60_000);
    expect(upstream.aborted).toBe(false);
    flow.release();
    clock.advance(29);
    expect(upstream.aborted).toBe(false);
    clock.advance(1);
    expect((await failure).facts.timeoutPhase).toBe('first_token');
  });

  it('does not time an answer that is complete', async () => {
    const { clock, answer, flow, upstream } = run();
    upstream.send(text('a'));
    upstream.complete();
    expect(await answer).toEqual(completed());
    expect(clock.pending).toBe(0);
    flow.hold();
    flow.release();
    clock.advance(60_000);
    expect(upstream.aborted).toBe(false);
  });

  it('lets completed win that the upstream delivers in spite of the time-out', async () => {
    const { clock, answer, upstream } = run();
    upstream.send(text('a'));
    upstream.complete();
    clock.advance(40);
    expect(await answer).toEqual(completed());
  });

  it('fails with TIMEOUT if the upstream answers the abort with an error of its own', async () => {
    const { clock, failure, upstream } = run({}, new ScriptedUpstream(() => new Error('aborted')));
    upstream.send(text('a'));
    clock.advance(40);
    expect((await failure).reason).toBe('TIMEOUT');
  });

  it("passes the caller's end on with its reason, whatever the upstream throws", async () => {
    const { clock, parent, failure } = run({}, new ScriptedUpstream(() => new Error('aborted')));
    const reason = new ProviderError('CANCELLED');
    parent.abort(reason);
    expect(await failure).toBe(reason);
    expect(clock.pending).toBe(0);
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0);
  });

  it("passes the upstream's own error on, and leaves nothing behind", async () => {
    const { clock, parent, failure, upstream } = run();
    const error = new ProviderError('NETWORK_ERROR');
    upstream.fail(error);
    expect(await failure).toBe(error);
    expect(clock.pending).toBe(0);
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0);
  });

  it('tells whoever listens outside how far the attempt has come', () => {
    const seen: AttemptProgress[] = [];
    const { upstream } = run({ onProgress: (progress) => seen.push(progress) });
    upstream.progress('connected');
    upstream.progress('headers');
    expect(seen).toEqual(['connected', 'headers']);
  });
});
