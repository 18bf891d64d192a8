import { describe, expect, it } from '@jest/globals';
import type { Call, Handler, StreamRecovery } from '../../../src/provider/call.ts';
import type { ErrorReason } from '../../../src/provider/error-kinds.ts';
import { type ErrorFacts, ProviderError } from '../../../src/provider/errors.ts';
import type { ProviderEvent } from '../../../src/provider/events.ts';
import { fallback } from '../../../src/provider/stages/fallback.ts';
import { completed, drain, replay, started, text } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { aRouter, asking } from '../route/a-router.ts';

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
  const answers: unknown[] = [];
  const next: Handler = (asked) => {
    const answer = replay(...(scripts[calls.length] ?? []))(asked);
    calls.push(asked);
    answers.push(answer);
    asked.record.attempts += 1;
    return answer;
  };
  const events = fallback({ router, clock })(next)(call);
  return { call, calls, answers, events, router };
}

describe('fallback', () => {
  it('does nothing at all where there is nowhere else to go', () => {
    const { call, calls, answers, events } = run([ANSWER]);
    expect(events).toBe(answers[0]);
    expect(calls[0]).toBe(call);
  });

  it('passes on what the first route answers', async () => {
    const { calls, events } = run([ANSWER, ANSWER]);
    expect(await drain(events)).toEqual({ events: ANSWER });
    expect(calls).toHaveLength(1);
  });

  it('goes from route to route until one answers, unseen where nothing was delivered', async () => {
    const { calls, events } = run([[failure('TIMEOUT')], [failure('NETWORK_ERROR')], ANSWER]);
    expect(await drain(events)).toEqual({ events: ANSWER });
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
      const { calls, events } = run([[error], ANSWER]);
      expect(await drain(events)).toEqual({ events: [], error });
      expect(calls).toHaveLength(1);
    },
  );

  it('does not ask elsewhere what a fallback refused for its content', async () => {
    const error = failure('CONTENT_FILTERED');
    const { calls, events } = run([[failure('TIMEOUT')], [error], ANSWER]);
    expect(await drain(events)).toEqual({ events: [], error });
    expect(calls).toHaveLength(2);
  });

  it('passes over a fallback that does not take the request', async () => {
    const refusal = failure('UNSUPPORTED_PARAMETER');
    const { events } = run([[failure('TIMEOUT')], [refusal], ANSWER]);
    expect(await drain(events)).toEqual({ events: ANSWER });
  });

  it('takes for a bug what is not a ProviderError', async () => {
    const { calls, events } = run([[new Error('oops')], ANSWER]);
    expect(await drain(events)).toMatchObject({ error: { reason: 'INTERNAL' } });
    expect(calls).toHaveLength(1);
  });
});

describe('an answer that breaks off', () => {
  const BROKEN: Script = [started(), text('Hel'), failure('NETWORK_ERROR')];
  const RESET = { type: 'attemptReset', attempt: 2, reason: 'NETWORK_ERROR' } as const;

  it('is the end of a call whose recovery is fail', async () => {
    const { calls, events } = run([BROKEN, ANSWER]);
    expect(await drain(events)).toEqual({
      events: [started(), text('Hel')],
      error: failure('NETWORK_ERROR'),
    });
    expect(calls).toHaveLength(1);
  });

  it.each<StreamRecovery>(['restart', 'hold_back'])(
    'is taken back before the next route answers (%s)',
    async (recovery) => {
      const { events } = run([BROKEN, ANSWER], { recovery });
      expect(await drain(events)).toEqual({
        events: [started(), text('Hel'), RESET, ...ANSWER],
      });
    },
  );

  it('is taken back once, also where the route has done so itself', async () => {
    const again: Script = [...BROKEN.slice(0, 2), RESET, failure('TIMEOUT')];
    const { events } = run([again, [failure('TIMEOUT')], ANSWER], { recovery: 'restart' });
    expect(await drain(events)).toEqual({ events: [started(), text('Hel'), RESET, ...ANSWER] });
  });

  it('is taken back for each route that breaks off', async () => {
    const { events } = run([BROKEN, BROKEN, ANSWER], { recovery: 'restart' });
    const second = { ...RESET, attempt: 3 };
    const part = [started(), text('Hel')];
    expect(await drain(events)).toEqual({ events: [...part, RESET, ...part, second, ...ANSWER] });
  });

  it('is not answered again if it was complete', async () => {
    const error = failure('NETWORK_ERROR');
    const { calls, events } = run([[...ANSWER, error], ANSWER], { recovery: 'restart' });
    expect(await drain(events)).toEqual({ events: ANSWER, error });
    expect(calls).toHaveLength(1);
  });
});

describe('a call that is over', () => {
  it('goes nowhere after its signal was aborted', async () => {
    const controller = new AbortController();
    const { calls, events } = run([[started(), failure('TIMEOUT')], ANSWER], {
      signal: controller.signal,
    });
    const iterator = events[Symbol.asyncIterator]();
    expect((await iterator.next()).value).toEqual(started());
    controller.abort();
    await expect(iterator.next()).rejects.toMatchObject({ reason: 'CANCELLED' });
    expect(calls).toHaveLength(1);
  });

  it('goes nowhere after its deadline', async () => {
    const { calls, events } = run(
      [[failure('TIMEOUT')], ANSWER],
      { deadline: 5 },
      new FakeClock(5),
    );
    expect(await drain(events)).toMatchObject({ error: { reason: 'DEADLINE_EXCEEDED' } });
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
    const { events } = run([first, second]);
    expect(await drain(events)).toMatchObject({ error: { reason } });
  });

  it('throws the shortest wait', async () => {
    const waits = [3_000, 1_000, 2_000].map(
      (retryAfterMs): Script => [failure('RATE_LIMIT_EXCEEDED', { retryAfterMs })],
    );
    const { events } = run(waits);
    expect(await drain(events)).toMatchObject({ error: { facts: { retryAfterMs: 1_000 } } });
  });
});
