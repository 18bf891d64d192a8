import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import type { Call } from '../../../src/core/call.ts';
import { newCallRecord } from '../../../src/core/call-record.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import { Limiter } from '../../../src/policies/rate-limit/limiter.ts';
import { localSource } from '../../../src/policies/rate-limit/local-source.ts';
import {
  DEFAULT_RATE_LIMIT,
  type RateLimitOptions,
} from '../../../src/policies/rate-limit/options.ts';
import type { Permit } from '../../../src/policies/rate-limit/permit.ts';
import type { NewRateSource, RateSource } from '../../../src/policies/rate-limit/source.ts';
import { aCall, completed, usage } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const TARGET = { upstream: 'default', model: 'gpt-test' };

/** A source that hands out what it is given, and keeps the sum of what is out. */
class Purse implements RateSource {
  held: number;
  out = 0;
  #listener = () => {};

  constructor(held: number) {
    this.held = held;
  }

  take(amount: number): boolean {
    if (amount > this.held) return false;
    this.held -= amount;
    this.out += amount;
    return true;
  }

  waitMs(amount: number, _now: number, ahead = 0): number {
    return Math.max(0, amount + ahead - this.held) * 1_000;
  }

  give(amount: number): void {
    this.held += amount;
    this.out -= amount;
  }

  awaited(): void {}

  resize(): void {}

  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  fill(amount: number): void {
    this.held += amount;
    this.#listener();
  }
}

interface Setup {
  readonly options?: Partial<RateLimitOptions>;
  readonly newSource?: NewRateSource;
  /** Default: 100. */
  readonly estimate?: (call: Call) => number;
  /** Default: 100. */
  readonly count?: (call: Call) => Promise<number>;
}

function setUp({
  options,
  newSource = localSource,
  estimate = () => 100,
  count = async () => 100,
}: Setup = {}) {
  const clock = new FakeClock();
  const warned: object[] = [];
  const log = { warn: (fields: object) => void warned.push(fields) };
  const limiter = new Limiter(
    TARGET,
    { ...DEFAULT_RATE_LIMIT, ...options },
    { clock, newSource, sizes: { estimate, count }, maxWaitMs: 2_000, log },
  );
  /** Ids in the order of their permits. */
  const admitted: string[] = [];
  const permits = new Map<string, Permit>();
  const errors = new Map<string, ProviderError>();
  const ask = (id: string, fields: Partial<Call> = {}) => {
    const call = aCall({ id, record: newCallRecord(clock.now()), ...fields });
    const keep = (permit: Permit) => {
      admitted.push(id);
      permits.set(id, permit);
    };
    const fail = (error: unknown) => {
      if (error instanceof ProviderError) errors.set(id, error);
    };
    try {
      const result = limiter.admit(call);
      if (result instanceof Promise) result.then(keep, fail);
      else keep(result);
    } catch (error) {
      fail(error);
    }
    return call;
  };
  /** Lets time pass, and those go on who were admitted meanwhile. */
  const pass = async (ms: number) => {
    clock.advance(ms);
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  return { clock, limiter, admitted, permits, errors, ask, pass, warned };
}

function from(userId: string): Partial<Call> {
  return { request: { messages: [], metadata: { user_id: userId } } };
}

function tier(serviceTier: string): Partial<Call> {
  return { request: { messages: [], serviceTier } };
}

describe('Limiter', () => {
  it('admits at once, without a promise, while there is room', () => {
    const { limiter } = setUp();
    const permit = limiter.admit(aCall());
    expect(permit).not.toBeInstanceOf(Promise);
    expect(limiter.running).toBe(1);
    (permit as Permit).release();
    expect(limiter).toMatchObject({ running: 0, queued: 0, isIdle: true, concurrencyLimit: 1_000 });
  });

  it('lets the others wait for their turn, with one timer for all', async () => {
    const { clock, limiter, ask, admitted, pass, permits } = setUp({
      options: { requestsPerMinute: 60 },
    });
    for (const id of ['a', 'b', 'c', 'd']) ask(id);
    expect(admitted).toEqual(['a']);
    expect(limiter.queued).toBe(3);
    expect(clock.pending).toBe(1);
    await pass(1_050);
    expect(admitted).toEqual(['a', 'b']);
    expect(permits.get('b')?.admission).toMatchObject({ waitedMs: 1_011, waitedFor: 'rate_limit' });
    await pass(3_000);
    expect(admitted).toEqual(['a', 'b', 'c', 'd']);
    expect(clock.pending).toBe(0);
  });

  it('sends a second attempt only if it can go at once, and with nobody before it', async () => {
    const { ask, admitted, errors, limiter, pass } = setUp({ options: { requestsPerMinute: 60 } });
    ask('second', { hedge: true });
    ask('another', { hedge: true });
    expect(admitted).toEqual(['second']);
    expect(errors.get('another')).toMatchObject({ reason: 'RATE_LIMIT_EXCEEDED' });
    expect(limiter.queued).toBe(0);
    ask('first');
    await pass(0);
    ask('last', { hedge: true });
    expect([limiter.queued, errors.has('last')]).toEqual([1, true]);
  });

  it('serves priority before default before flex', async () => {
    const { ask, admitted, pass } = setUp({ options: { requestsPerMinute: 60 } });
    ask('first');
    ask('flex', tier('flex'));
    ask('default', tier('auto'));
    ask('priority', tier('priority'));
    await pass(5_000);
    expect(admitted).toEqual(['first', 'priority', 'default', 'flex']);
  });

  it('serves callers by turns, and each of them first in, first out', async () => {
    const { ask, admitted, errors, clock, pass } = setUp({ options: { requestsPerMinute: 60 } });
    for (let index = 0; index < 400; index += 1) ask(`bulk-${index}`, from('bulk'));
    const deadline = clock.now() + 5_000;
    ask('one', { ...from('one'), deadline });
    ask('other', { caller: { name: 'other' }, deadline });
    expect([...errors.keys()]).toEqual([]);
    await pass(5_000);
    expect(admitted).toEqual(['bulk-0', 'bulk-1', 'one', 'other', 'bulk-2']);
  });

  it('foresees the wait for the turn that a call would get', () => {
    const { ask, errors, clock } = setUp({ options: { requestsPerMinute: 60 } });
    for (let index = 0; index < 10; index += 1) ask(`bulk-${index}`, from('bulk'));
    const deadline = clock.now() + 5_000;
    ask('bulk', { ...from('bulk'), deadline });
    ask('one', { ...from('one'), deadline });
    expect([...errors.keys()]).toEqual(['bulk']);
    expect(errors.get('bulk')?.facts.retryAfterMs).toBe(10_290);
  });

  it('gives a caller with few a place of one that has most where no more may wait', async () => {
    const { ask, admitted, errors, limiter, pass } = setUp({
      options: { requestsPerMinute: 60, maxQueued: 3 },
    });
    for (const id of ['a', 'b', 'c', 'd']) ask(id, from('bulk'));
    ask('e', from('bulk'));
    expect([...errors.keys()]).toEqual(['e']);
    ask('one', from('one'));
    await pass(0);
    expect([...errors.keys()]).toEqual(['e', 'd']);
    expect(errors.get('d')).toMatchObject({
      reason: 'RATE_LIMIT_EXCEEDED',
      message: 'As many calls as may wait for the rate limit of the upstream wait already.',
    });
    expect(limiter.queued).toBe(3);
    ask('two', { ...from('two'), hedge: true });
    ask('three', from('one'));
    await pass(0);
    expect([errors.has('three'), errors.has('c'), limiter.queued]).toEqual([true, false, 3]);
    await pass(4_000);
    expect(admitted).toEqual(['a', 'b', 'one', 'c']);
  });

  it('keeps half of its places for those who are waited for', async () => {
    const { ask, admitted, permits, pass } = setUp({ options: { maxConcurrent: 4 } });
    for (const id of ['a', 'b']) ask(id);
    ask('background', { background: true });
    ask('c');
    expect(admitted).toEqual(['a', 'b', 'c']);
    permits.get('a')?.release();
    await pass(0);
    expect(admitted).not.toContain('background');
    permits.get('b')?.release();
    await pass(0);
    expect(admitted).toEqual(['a', 'b', 'c', 'background']);
  });

  it('looks again whether others leave something of a rate', async () => {
    const { ask, admitted, pass } = setUp({ options: { requestsPerMinute: 600 } });
    for (let n = 0; n < 8; n += 1) ask(`call-${n}`);
    ask('background', { background: true });
    await pass(500);
    expect(admitted).not.toContain('background');
    for (let second = 0; second < 10; second += 1) await pass(1_000);
    expect(admitted.at(-1)).toBe('background');
  });

  it('does not let small prompts pass a big one that waits', async () => {
    const sizeOf = ({ id }: Call) => (id.startsWith('big') ? 50_000 : 10);
    const { ask, admitted, pass } = setUp({
      options: { tokensPerMinute: 60_000 },
      estimate: sizeOf,
      count: async (call) => sizeOf(call),
    });
    ask('big-1');
    ask('big-2');
    await pass(10);
    ask('small');
    expect(admitted).toEqual(['big-1']);
    await pass(55_000);
    expect(admitted).toEqual(['big-1']);
    await pass(5_500);
    expect(admitted).toEqual(['big-1', 'big-2']);
    await pass(60_000);
    expect(admitted).toEqual(['big-1', 'big-2', 'small']);
  });

  it('lets others pass a prompt that is being counted', async () => {
    const counting = Promise.withResolvers<number>();
    const { ask, admitted, pass } = setUp({
      options: { tokensPerMinute: 12_000 },
      count: ({ id }) => (id === 'slow' ? counting.promise : Promise.resolve(10)),
    });
    ask('slow');
    ask('quick');
    await pass(0);
    expect(admitted).toEqual(['quick']);
    counting.resolve(5);
    await pass(2_000);
    expect(admitted).toEqual(['quick', 'slow']);
  });

  it('refuses at once what never fits the tokens of a minute, and holds up nobody for it', async () => {
    const sizeOf = ({ id }: Call) => (id === 'huge' ? 36_055 : 10);
    const { ask, admitted, errors, pass } = setUp({
      options: { tokensPerMinute: 30_000 },
      estimate: sizeOf,
      count: async (call) => sizeOf(call),
    });
    ask('huge');
    ask('small');
    await pass(0);
    expect(admitted).toEqual(['small']);
    expect(errors.get('huge')).toMatchObject({
      reason: 'RATE_LIMIT_EXCEEDED',
      retryable: false,
      message: expect.stringMatching(/36055 tokens.*30000 a minute/),
      facts: { countedTokens: 36_055, tokenLimit: 30_000, quotaSubject: 'tokens per minute' },
    });
  });

  it('refuses at once what never fits a limit that the upstream reported', async () => {
    const { ask, errors, permits, pass } = setUp({
      estimate: () => 36_055,
      count: async () => 36_055,
    });
    ask('before');
    permits.get('before')?.reported({ tokens: { limit: 30_000, remaining: 30_000, resetMs: 0 } });
    ask('after');
    await pass(0);
    expect(errors.get('after')?.facts).toMatchObject({ countedTokens: 36_055, tokenLimit: 30_000 });
  });

  it('refuses at once what is larger than the upstream said it takes, and lets others go', async () => {
    const sizeOf = ({ id }: Call) => (id.startsWith('huge') ? 36_055 : 10);
    const { ask, admitted, errors, permits, pass } = setUp({
      estimate: sizeOf,
      count: async (call) => sizeOf(call),
    });
    ask('huge-1').record.attempts = 1;
    const facts = { upstreamStatus: 429, neverFits: true, tokenLimit: 30_000 };
    permits.get('huge-1')?.fail(new ProviderError('RATE_LIMIT_EXCEEDED', facts));
    permits.get('huge-1')?.release();
    ask('huge-2');
    ask('small');
    await pass(0);
    expect(admitted).toEqual(['huge-1', 'small']);
    expect(errors.get('huge-2')).toMatchObject({ retryable: false, facts: { tokenLimit: 30_000 } });
    await pass(600_000);
    ask('huge-3');
    expect(admitted).toContain('huge-3');
  });

  it('does not take an upper bound for the size of what could not be counted', async () => {
    const { ask, admitted, pass } = setUp({
      options: { tokensPerMinute: 30_000 },
      estimate: () => 20_000,
      count: async () => 80_000,
    });
    ask('a');
    await pass(0);
    expect(admitted).toEqual(['a']);
  });

  it('goes by the guess where the prompt could not be counted', async () => {
    const { ask, admitted, pass, permits } = setUp({
      options: { tokensPerMinute: 6_000 },
      count: () => Promise.reject(new Error('no worker')),
    });
    ask('a');
    await pass(0);
    expect(admitted).toEqual(['a']);
    expect(permits.get('a')?.admission.tokens).toBe(600);
  });

  it('does not count where a guess will do', () => {
    const { limiter } = setUp({
      options: { tokensPerMinute: 600_000 },
      count: () => {
        throw new Error('counted');
      },
    });
    expect(limiter.admit(aCall())).not.toBeInstanceOf(Promise);
  });

  it('reserves no more output than the request allows', () => {
    const { ask, permits } = setUp({ options: { tokensPerMinute: 600_000 } });
    ask('a', { request: { messages: [], maxTokens: 7 } });
    expect(permits.get('a')?.admission.tokens).toBe(107);
  });

  it('expects the outputs that the model has had', () => {
    const { ask, permits } = setUp({ options: { tokensPerMinute: 60_000_000 } });
    for (let index = 0; index < 100; index += 1) {
      ask('before');
      permits.get('before')?.complete(completed({ usage: usage({ outputTokens: 2_000 }) }));
      permits.get('before')?.release();
    }
    ask('after');
    expect(permits.get('after')?.admission.tokens).toBe(2_100);
  });

  it('refuses at once when as many wait as may', async () => {
    const { ask, errors, admitted } = setUp({
      options: { requestsPerMinute: 60, maxQueued: 2 },
    });
    for (const id of ['a', 'b', 'c', 'd']) ask(id);
    expect(admitted).toEqual(['a']);
    expect(errors.get('d')).toMatchObject({
      reason: 'RATE_LIMIT_EXCEEDED',
      message: 'As many calls as may wait for the rate limit of the upstream wait already.',
      facts: { quotaSubject: 'requests per minute', model: 'gpt-test' },
    });
    // Two are ahead.
    expect(errors.get('d')?.facts.retryAfterMs).toBe(3_073);
  });

  it('goes by the guess where nobody may wait to be counted', () => {
    const { ask, admitted, errors } = setUp({ options: { tokensPerMinute: 6_000, maxQueued: 0 } });
    ask('a');
    ask('b');
    expect(admitted).toEqual(['a']);
    expect(errors.get('b')?.facts.quotaSubject).toBe('tokens per minute');
  });

  it('refuses at once who would wait beyond its deadline', async () => {
    const { clock, ask, errors, admitted, pass } = setUp({ options: { requestsPerMinute: 60 } });
    ask('a');
    ask('b', { deadline: clock.now() + 500 });
    ask('c', { deadline: clock.now() + 1_100 });
    expect(errors.get('b')).toMatchObject({
      reason: 'RATE_LIMIT_EXCEEDED',
      message:
        'The wait for the rate limit of the upstream leaves no time for an answer before the deadline.',
      facts: { retryAfterMs: 1_011, quotaSubject: 'requests per minute' },
    });
    await pass(1_100);
    expect(admitted).toEqual(['a', 'c']);
  });

  it('sends a call elsewhere that can go there, rather than let it wait for long', () => {
    const { ask, errors, admitted } = setUp({ options: { requestsPerMinute: 20 } });
    const alternatives = [{ upstream: 'azure', model: 'gpt-test' }];
    ask('a');
    ask('b', { alternatives });
    expect(admitted).toEqual(['a']);
    expect(errors.get('b')).toMatchObject({
      reason: 'RATE_LIMIT_EXCEEDED',
      message: expect.stringContaining('somewhere else to go'),
    });
  });

  it('lets a call wait for a little while although it could go elsewhere', async () => {
    const { ask, errors, admitted, pass } = setUp({ options: { requestsPerMinute: 60 } });
    ask('a');
    ask('b', { alternatives: [{ upstream: 'azure', model: 'gpt-test' }] });
    expect(errors.size).toBe(0);
    await pass(1_100);
    expect(admitted).toEqual(['a', 'b']);
  });

  it('sends elsewhere who waits already when the upstream asks for a long wait', async () => {
    const { ask, errors, permits, pass } = setUp({ options: { requestsPerMinute: 60 } });
    const asked = ask('a');
    ask('b', { alternatives: [{ upstream: 'azure', model: 'gpt-test' }] });
    ask('c');
    asked.record.attempts = 1;
    const facts = { upstreamStatus: 429, retryAfterMs: 30_000 };
    permits.get('a')?.fail(new ProviderError('RATE_LIMIT_EXCEEDED', facts));
    permits.get('a')?.release();
    await pass(0);
    expect([...errors.keys()]).toEqual(['b']);
    expect(errors.get('b')?.facts.retryAfterMs).toBeGreaterThan(29_000);
  });

  it('keeps maxWait for each who waits, however long the queue turns out to be', async () => {
    const { clock, ask, admitted, errors, permits, pass } = setUp({
      options: { maxConcurrent: 1 },
    });
    const alternatives = [{ upstream: 'azure', model: 'gpt-test' }];
    // Nothing is known of how long answers take, so the wait is not foreseen.
    ask('runs');
    ask('patient');
    ask('first', { alternatives });
    await pass(500);
    ask('second', { alternatives });
    await pass(1_499);
    expect([...errors.keys()]).toEqual([]);
    await pass(1);
    expect([...errors.keys()]).toEqual(['first']);
    await pass(500);
    expect([...errors.keys()]).toEqual(['first', 'second']);
    expect(errors.get('second')).toMatchObject({
      reason: 'RATE_LIMIT_EXCEEDED',
      message: expect.stringContaining('somewhere else to go'),
    });
    permits.get('runs')?.release();
    await pass(0);
    expect(admitted).toEqual(['runs', 'patient']);
    expect(clock.pending).toBe(0);
  });

  it('lets those go on who waited behind one that goes elsewhere', async () => {
    const sizeOf = ({ id }: Call) => (id === 'big' ? 7_500 : 10);
    const { ask, admitted, errors, permits, pass } = setUp({
      options: { maxConcurrent: 2 },
      estimate: sizeOf,
      count: async (call) => sizeOf(call),
    });
    ask('first');
    const tokens = { limit: 100_000, remaining: 5_000, resetMs: 57_000 };
    permits.get('first')?.reported({ tokens });
    ask('big', { alternatives: [{ upstream: 'azure', model: 'gpt-test' }] });
    await pass(0);
    ask('small');
    await pass(0);
    expect([...errors.keys()]).toEqual([]);
    expect(admitted).toEqual(['first']);
    permits.get('first')?.reported({ tokens: { ...tokens, remaining: 1_000 } });
    await pass(2_000);
    expect([...errors.keys()]).toEqual(['big']);
    expect(admitted).toEqual(['first', 'small']);
  });

  it('tells the operator once of a long hold, and of a short one never', async () => {
    const { clock, limiter, ask, permits, pass, warned } = setUp();
    const refuse = (id: string, retryAfterMs: number) => {
      ask(id).record.attempts = 1;
      const facts = { upstreamStatus: 429, retryAfterMs };
      permits.get(id)?.fail(new ProviderError('RATE_LIMIT_EXCEEDED', facts));
      permits.get(id)?.release();
    };
    refuse('a', 1_000);
    expect(warned).toEqual([]);
    await pass(1_000);
    ask('b');
    ask('c');
    refuse('d', 60_000);
    permits.get('b')?.reported({ requests: { limit: 10, remaining: 0, resetMs: 60_000 } });
    expect(warned).toEqual([{ target: 'default', model: 'gpt-test', key: 0, held_for_ms: 60_000 }]);
    expect(limiter.heldUntil).toBe(clock.now() + 60_000);
  });

  it('takes the requests of the day into account', () => {
    const { clock, ask, errors, admitted } = setUp({ options: { requestsPerDay: 2 } });
    ask('a');
    ask('b');
    ask('c', { deadline: clock.now() + 60_000 });
    expect(admitted).toEqual(['a', 'b']);
    expect(errors.get('c')?.facts).toMatchObject({
      retryAfterMs: 43_200_000,
      quotaSubject: 'requests per day',
    });
  });

  it('lets go at once of a call that is cancelled, and serves the next', async () => {
    const { limiter, ask, errors, admitted, pass } = setUp({ options: { requestsPerMinute: 60 } });
    const controller = new AbortController();
    ask('a');
    ask('b', { signal: controller.signal });
    ask('c');
    controller.abort(new ProviderError('CANCELLED'));
    await pass(0);
    expect(errors.get('b')?.reason).toBe('CANCELLED');
    expect(limiter.queued).toBe(1);
    await pass(1_050);
    expect(admitted).toEqual(['a', 'c']);
  });

  it('refuses a call that is over before it waits', () => {
    const { ask, errors } = setUp({ options: { requestsPerMinute: 60 } });
    ask('a');
    ask('b', { signal: AbortSignal.abort(new ProviderError('SHUTTING_DOWN')) });
    expect(errors.get('b')?.reason).toBe('SHUTTING_DOWN');
  });

  it('admits none of the calls that one signal ends', async () => {
    const { limiter, ask, errors, admitted, pass } = setUp({ options: { maxConcurrent: 1 } });
    const controller = new AbortController();
    const { signal } = controller;
    ask('a');
    ask('urgent', { ...tier('priority'), signal });
    for (let index = 0; index < 100; index += 1) ask(`b${index}`, { signal });
    ask('last', tier('flex'));
    controller.abort();
    await pass(0);
    expect(admitted).toEqual(['a']);
    expect(errors.size).toBe(101);
    expect(limiter.queued).toBe(1);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('leaves no residue of storms of cancels', async () => {
    const requests = new Purse(50);
    const tokens = new Purse(20_000);
    const { clock, limiter, ask, admitted, permits, pass } = setUp({
      options: { requestsPerMinute: 1, tokensPerMinute: 1_000, maxQueued: 10_000 },
      newSource: ({ subject }) => (subject === 'tokens per minute' ? tokens : requests),
      count: ({ signal }) =>
        new Promise((resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
          queueMicrotask(() => resolve(70));
        }),
    });
    const controllers = Array.from({ length: 2_000 }, () => new AbortController());
    controllers.forEach(({ signal }, index) => {
      ask(String(index), { signal, ...tier(['flex', 'default', 'priority'][index % 3] ?? '') });
      // Some before they are counted, some while they wait, some after they were admitted.
      if (index % 5 === 0) controllers[index]?.abort();
    });
    await pass(0);
    for (const controller of controllers) controller.abort();
    await pass(0);
    for (const permit of permits.values()) permit.release();

    expect(admitted.length).toBeGreaterThan(10);
    expect(requests.out + tokens.out).toBe(0);
    expect(limiter).toMatchObject({ running: 0, queued: 0 });
    expect(clock.pending).toBe(0);
  });

  it('goes on when a source has more than it foresaw', async () => {
    const purse = new Purse(1);
    const { ask, admitted, pass } = setUp({
      options: { requestsPerMinute: 1 },
      newSource: () => purse,
    });
    ask('a');
    ask('b');
    expect(admitted).toEqual(['a']);
    purse.fill(1);
    await pass(0);
    expect(admitted).toEqual(['a', 'b']);
  });

  it('takes nothing of one limit where another has nothing left', () => {
    const purses = { requests: new Purse(5), daily: new Purse(5), tokens: new Purse(0) };
    const { ask, admitted } = setUp({
      options: { requestsPerMinute: 1, requestsPerDay: 1, tokensPerMinute: 1_000 },
      newSource: ({ subject }) => {
        if (subject === 'tokens per minute') return purses.tokens;
        return subject === 'requests per day' ? purses.daily : purses.requests;
      },
    });
    ask('a');
    purses.tokens.held = 10_000;
    purses.daily.held = 0;
    ask('b', tier('priority'));
    expect(admitted).toEqual([]);
    expect([purses.requests.out, purses.daily.out, purses.tokens.out]).toEqual([0, 0, 0]);
  });

  it('refuses those who wait when it is closed', async () => {
    const { clock, limiter, ask, errors, pass } = setUp({ options: { requestsPerMinute: 60 } });
    ask('a');
    ask('b');
    limiter.close();
    await pass(0);
    expect(errors.get('b')?.reason).toBe('SHUTTING_DOWN');
    expect(clock.pending).toBe(0);
  });
});

describe('Limiter of concurrency', () => {
  it('lets one go when another ends', async () => {
    const { clock, ask, admitted, permits, pass } = setUp({ options: { maxConcurrent: 2 } });
    for (const id of ['a', 'b', 'c']) ask(id);
    expect(admitted).toEqual(['a', 'b']);
    expect(clock.pending).toBe(0);
    await pass(700);
    permits.get('a')?.release();
    await pass(0);
    expect(admitted).toEqual(['a', 'b', 'c']);
    expect(permits.get('c')?.admission).toMatchObject({ waitedMs: 700, waitedFor: 'concurrency' });
  });

  it('estimates the wait from how long attempts run', async () => {
    const { clock, ask, errors, permits, pass } = setUp({ options: { maxConcurrent: 1 } });
    const { record } = ask('a');
    record.attempts += 1;
    await pass(4_000);
    permits.get('a')?.complete(completed());
    permits.get('a')?.release();
    ask('b');
    ask('c');
    ask('d', { deadline: clock.now() + 7_000 });
    expect(errors.get('d')?.facts).toMatchObject({
      retryAfterMs: 8_000,
      quotaSubject: 'concurrent requests',
    });
  });

  it('refuses at once who would have no time left for a usual answer', async () => {
    const { clock, ask, admitted, errors, permits, pass } = setUp({
      options: { requestsPerMinute: 60 },
    });
    ask('a').record.attempts += 1;
    await pass(4_000);
    permits.get('a')?.complete(completed());
    permits.get('a')?.release();
    ask('b');
    ask('c', { deadline: clock.now() + 3_000 });
    ask('d', { deadline: clock.now() + 3_000 });
    expect(errors.get('d')).toMatchObject({ reason: 'RATE_LIMIT_EXCEEDED' });
    await pass(1_100);
    expect(admitted).toEqual(['a', 'b', 'c']);
  });

  it('keeps the time of a usual answer, where they are alike, though it is more than half of what a call has', async () => {
    const { clock, ask, admitted, errors, permits, pass } = setUp({
      options: { requestsPerMinute: 60 },
    });
    ask('a').record.attempts += 1;
    await pass(1_000);
    permits.get('a')?.complete(completed());
    permits.get('a')?.release();
    ask('b');
    await pass(200);
    ask('c', { deadline: clock.now() + 1_700 });
    expect(errors.get('c')).toMatchObject({ reason: 'RATE_LIMIT_EXCEEDED' });
    ask('d', { deadline: clock.now() + 1_900 });
    await pass(900);
    expect(admitted).toEqual(['a', 'b', 'd']);
  });

  it('does not send who has waited too long for a usual answer', async () => {
    const { clock, ask, admitted, errors, permits, pass } = setUp({
      options: { maxConcurrent: 1 },
    });
    ask('a').record.attempts += 1;
    await pass(1_000);
    permits.get('a')?.complete(completed());
    permits.get('a')?.release();
    ask('b').record.attempts += 1;
    ask('c', { deadline: clock.now() + 4_000 });
    await pass(3_500);
    permits.get('b')?.release();
    await pass(0);
    expect(admitted).toEqual(['a', 'b']);
    expect(errors.get('c')).toMatchObject({ reason: 'RATE_LIMIT_EXCEEDED' });
  });

  /** So many attempts, of which every second succeeds and the others fail. */
  function half(permits: ReadonlyMap<string, Permit>, count: number, error: ProviderError): void {
    for (let index = 0; index < count; index += 1) {
      const permit = permits.get(String(index));
      if (index % 2 === 0) permit?.firstEvent();
      else {
        permit?.fail(error);
        permit?.release();
      }
    }
  }

  it('falls on overload, and lets more go as it recovers though nothing ends', async () => {
    const { limiter, ask, admitted, permits, pass } = setUp({ options: { maxConcurrent: 60 } });
    for (let index = 0; index < 60; index += 1) {
      const { record } = ask(String(index));
      record.attempts += 1;
    }
    await pass(1_000);
    half(permits, 60, new ProviderError('SERVICE_UNAVAILABLE', { upstreamStatus: 503 }));
    // 60 ran a second ago, 30 still do: 0.7 of what ran when the overload was met.
    expect(limiter.concurrencyLimit).toBeGreaterThan(35);
    expect(limiter.concurrencyLimit).toBeLessThanOrEqual(42);
    for (let index = 60; index < 75; index += 1) ask(String(index));
    expect(admitted).not.toContain('74');
    await pass(60_000);
    expect(admitted).toContain('74');
  });

  it.each([
    // What hangs has its place meanwhile: the others would have none.
    ['TIMEOUT', {}, 1_000],
    ['SERVICE_UNAVAILABLE', { upstreamStatus: 503 }, 700],
    ['SERVICE_UNAVAILABLE', { upstreamStatus: 500 }, 1_000],
    // Half of them are refused however many run: that is the rate's affair.
    ['RATE_LIMIT_EXCEEDED', { upstreamStatus: 429 }, 1_000],
    ['INVALID_REQUEST', { upstreamStatus: 400 }, 1_000],
  ] as const)('after failures with %s %j', async (reason, facts, expected) => {
    const { limiter, ask, permits, pass } = setUp();
    for (let index = 0; index < 1_000; index += 1) ask(String(index)).record.attempts += 1;
    await pass(1_000);
    half(permits, 60, new ProviderError(reason, facts));
    expect(limiter.concurrencyLimit).toBeGreaterThanOrEqual(expected - 7);
    expect(limiter.concurrencyLimit).toBeLessThanOrEqual(expected);
  });

  it('is not lowered by an upstream that is down, which is no overload', async () => {
    const { limiter, ask, permits, pass } = setUp();
    for (let index = 0; index < 1_000; index += 1) ask(String(index)).record.attempts += 1;
    await pass(1_000);
    for (const [, permit] of permits) {
      permit.fail(new ProviderError('SERVICE_UNAVAILABLE', { upstreamStatus: 503 }));
      permit.release();
    }
    expect(limiter.concurrencyLimit).toBe(1_000);
  });

  it('is not lowered by refused rates where the rate is limited', async () => {
    const { limiter, ask, permits, pass } = setUp();
    ask('first');
    permits.get('first')?.reported({ requests: { limit: 60_000, remaining: 60_000, resetMs: 0 } });
    for (let index = 0; index < 900; index += 1) ask(String(index)).record.attempts += 1;
    await pass(1_000);
    for (const permit of permits.values()) {
      permit.fail(new ProviderError('RATE_LIMIT_EXCEEDED', { upstreamStatus: 429 }));
      permit.release();
    }
    expect(limiter.concurrencyLimit).toBe(1_000);
  });

  it('learns nothing from attempts that their caller ended', async () => {
    const { limiter, ask, permits, pass } = setUp();
    const signal = AbortSignal.abort();
    for (let index = 0; index < 100; index += 1)
      ask(String(index), { signal }).record.attempts += 1;
    await pass(1_000);
    for (const permit of permits.values()) {
      permit.fail(new ProviderError('SERVICE_UNAVAILABLE', { upstreamStatus: 503 }));
      permit.release();
    }
    expect(limiter.concurrencyLimit).toBe(1_000);
  });

  it('does not hold up a thousand calls to a healthy upstream', async () => {
    const { limiter, ask, admitted, permits, pass } = setUp();
    for (let round = 0; round < 5; round += 1) {
      for (let index = 0; index < 1_000; index += 1) ask(String(index)).record.attempts += 1;
      await pass(400);
      for (const permit of permits.values()) {
        permit.firstEvent();
        permit.complete(completed());
        permit.release();
      }
    }
    expect(admitted).toHaveLength(5_000);
    expect(limiter).toMatchObject({ running: 0, queued: 0, concurrencyLimit: 1_000 });
  });
});
