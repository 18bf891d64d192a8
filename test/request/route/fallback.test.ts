import { describe, expect, it, jest } from '@jest/globals';
import type { Call, Handler, StreamRecovery } from '../../../src/core/call.ts';
import type { ErrorReason } from '../../../src/core/error-kinds.ts';
import { type ErrorFacts, ProviderError } from '../../../src/core/errors.ts';
import type { ProviderEvent } from '../../../src/core/events.ts';
import { fallback } from '../../../src/request/route/fallback.ts';
import { aCall, completed, drain, RESET, replay, started, text } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { aRouter, asking } from './a-router.ts';

/** What an upstream does: an error among the events is thrown in its place. */
type Script = readonly (ProviderEvent | Error)[];

const ANSWER: Script = [started(), text('Hello'), completed()];

function failure(reason: ErrorReason, facts: ErrorFacts = {}): ProviderError {
  return new ProviderError(reason, facts);
}

/** One script for each route: `gpt-default` at OpenAI, then as many others as there are scripts. */
function run(scripts: readonly Script[], fields: Partial<Call> = {}, clock = new FakeClock(0)) {
  const { router } = aRouter();
  const fallbackModels = ['azure', 'gpt-own', 'gpt-thinks'].slice(0, scripts.length - 1);
  const call = { ...router.first(asking({ fallbackModels })), ...fields };
  const calls: Call[] = [];
  const next: Handler = (asked, emit) => {
    const script = scripts[calls.length] ?? [];
    calls.push(asked);
    asked.record.attempts += 1;
    return replay(...script)(asked, emit);
  };
  const outcome = drain((emit) => fallback({ router, clock })(next)(call, emit));
  return { calls, outcome };
}

describe('fallback', () => {
  it('does nothing at all where there is nowhere else to go', () => {
    const call = aCall();
    const emit = () => {};
    const answer = Promise.resolve(completed());
    const next = jest.fn<Handler>(() => answer);
    const handler = fallback({ router: aRouter().router, clock: new FakeClock(0) })(next);
    expect(handler(call, emit)).toBe(answer);
    expect(next).toHaveBeenCalledTimes(1);
    expect(next.mock.calls[0]?.[0]).toBe(call);
    expect(next.mock.calls[0]?.[1]).toBe(emit);
  });

  it('passes on what the first route answers', async () => {
    const { calls, outcome } = run([ANSWER, ANSWER]);
    expect(await outcome).toEqual({ events: ANSWER });
    expect(calls).toHaveLength(1);
  });

  it('goes from route to route until one answers, unseen where nothing was delivered', async () => {
    const { calls, outcome } = run([[failure('TIMEOUT')], [failure('NETWORK_ERROR')], ANSWER]);
    expect(await outcome).toEqual({ events: ANSWER });
    expect(calls.map(({ upstream, model }) => [upstream, model])).toEqual([
      ['default', 'gpt-default'],
      ['azure', 'gpt-default'],
      ['default', 'gpt-own'],
    ]);
    expect(calls[2]?.warnings).toEqual([
      'Fell back from default/gpt-default to azure/gpt-default: TIMEOUT.',
      'Fell back from azure/gpt-default to default/gpt-own: NETWORK_ERROR.',
    ]);
  });

  it.each<ErrorReason>(['CONTENT_FILTERED', 'INVALID_REQUEST', 'BUDGET_EXCEEDED', 'CANCELLED'])(
    'does not go on after %s',
    async (reason) => {
      const error = failure(reason);
      const { calls, outcome } = run([[error], ANSWER]);
      expect(await outcome).toEqual({ events: [], error });
      expect(calls).toHaveLength(1);
    },
  );

  it('does not ask elsewhere what a fallback refused for its content', async () => {
    const error = failure('CONTENT_FILTERED');
    const { calls, outcome } = run([[failure('TIMEOUT')], [error], ANSWER]);
    expect(await outcome).toEqual({ events: [], error });
    expect(calls).toHaveLength(2);
  });

  it('passes over a fallback that does not take the request', async () => {
    const refusal = failure('UNSUPPORTED_PARAMETER');
    const { outcome } = run([[failure('TIMEOUT')], [refusal], ANSWER]);
    expect(await outcome).toEqual({ events: ANSWER });
  });

  it('takes for a bug what is not a ProviderError', async () => {
    const { calls, outcome } = run([[new Error('oops')], ANSWER]);
    expect(await outcome).toMatchObject({ error: { reason: 'INTERNAL' } });
    expect(calls).toHaveLength(1);
  });
});

describe('an answer that breaks off', () => {
  const BROKEN: Script = [started(), text('Hel'), failure('NETWORK_ERROR')];
  it('is the end of a call whose recovery is fail', async () => {
    const { calls, outcome } = run([BROKEN, ANSWER]);
    expect(await outcome).toEqual({
      events: [started(), text('Hel')],
      error: failure('NETWORK_ERROR'),
    });
    expect(calls).toHaveLength(1);
  });

  it.each<StreamRecovery>(['restart', 'hold_back'])(
    'is taken back before the next route answers (%s)',
    async (recovery) => {
      const { outcome } = run([BROKEN, ANSWER], { recovery });
      expect(await outcome).toEqual({
        events: [started(), text('Hel'), RESET, ...ANSWER],
      });
    },
  );

  it('is taken back once, also where the route has done so itself', async () => {
    const again: Script = [...BROKEN.slice(0, 2), RESET, failure('TIMEOUT')];
    const { outcome } = run([again, [failure('TIMEOUT')], ANSWER], { recovery: 'restart' });
    expect(await outcome).toEqual({ events: [started(), text('Hel'), RESET, ...ANSWER] });
  });

  it('is taken back for each route that breaks off', async () => {
    const { outcome } = run([BROKEN, BROKEN, ANSWER], { recovery: 'restart' });
    const second = { ...RESET, attempt: 3 };
    const part = [started(), text('Hel')];
    expect(await outcome).toEqual({ events: [...part, RESET, ...part, second, ...ANSWER] });
  });
});

describe('a call that is over', () => {
  it('goes nowhere after its signal was aborted', async () => {
    const controller = new AbortController();
    const { calls, outcome } = run([[started(), failure('TIMEOUT')], ANSWER], {
      signal: controller.signal,
    });
    controller.abort();
    expect(await outcome).toMatchObject({ events: [started()], error: { reason: 'CANCELLED' } });
    expect(calls).toHaveLength(1);
  });

  it('goes nowhere after its deadline', async () => {
    const { calls, outcome } = run(
      [[failure('TIMEOUT')], ANSWER],
      { deadline: 5 },
      new FakeClock(5),
    );
    expect(await outcome).toMatchObject({ error: { reason: 'DEADLINE_EXCEEDED' } });
    expect(calls).toHaveLength(1);
  });
});

describe('where no route answers', () => {
  it.each<[string, Script, Script, ErrorReason]>([
    ['the first', [failure('TIMEOUT')], [failure('NETWORK_ERROR')], 'TIMEOUT'],
    ['the real one', [failure('TIMEOUT')], [failure('CIRCUIT_OPEN')], 'TIMEOUT'],
    ['what may pass', [failure('QUOTA_EXCEEDED')], [failure('TIMEOUT')], 'TIMEOUT'],
    ['the first', [failure('TIMEOUT')], [failure('UNSUPPORTED_PARAMETER')], 'TIMEOUT'],
  ])('throws %s of the failures', async (_, first, second, reason) => {
    const { outcome } = run([first, second]);
    expect(await outcome).toMatchObject({ error: { reason } });
  });

  it('throws the shortest wait', async () => {
    const waits = [3_000, 1_000, 2_000].map(
      (retryAfterMs): Script => [failure('RATE_LIMIT_EXCEEDED', { retryAfterMs })],
    );
    const { outcome } = run(waits);
    expect(await outcome).toMatchObject({ error: { facts: { retryAfterMs: 1_000 } } });
  });
});
