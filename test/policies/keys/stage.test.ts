import { describe, expect, it, jest } from '@jest/globals';
import type { Call } from '../../../src/core/call.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import { KeyRing } from '../../../src/policies/keys/key-ring.ts';
import type { KeyHeadroom } from '../../../src/policies/keys/key-search.ts';
import { keys } from '../../../src/policies/keys/stage.ts';
import { METRICS } from '../../../src/telemetry/metrics.ts';
import { aCall, completed, drain, started, text } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { TelemetryProbe } from '../../support/telemetry.ts';
import { type Script, ScriptedAttempts, unavailable } from '../retry/scripted-attempts.ts';

const ANSWER = [started(), text('a'), completed()];
const refused = new ProviderError('INVALID_API_KEY', { upstreamStatus: 401 });
const limited = new ProviderError('RATE_LIMIT_EXCEEDED', { upstreamStatus: 429 });
const usedUp = new ProviderError('QUOTA_EXCEEDED', { upstreamStatus: 429 });

/** Each key has limits of its own, and all of them are left. */
const LIMITS: KeyHeadroom = { headroom: () => 1, shareLimits: (key, other) => key === other };

function open(size: number, ...scripts: Script[]) {
  return openWith(LIMITS, size, ...scripts);
}

function openWith(limits: KeyHeadroom, size: number, ...scripts: Script[]) {
  const clock = new FakeClock();
  const ring = new KeyRing(
    Array.from({ length: size }, (_, index) => ({ secret: `key-${index}`, weight: 1 })),
    clock,
  );
  const attempts = new ScriptedAttempts(...scripts);
  const telemetry = new TelemetryProbe();
  const handler = keys(ring, { clock, limits, instruments: telemetry.instruments })(
    attempts.answer,
  );
  const run = (fields: Partial<Call> = {}) => drain((emit) => handler(aCall(fields), emit));
  const used = () => attempts.calls.map(({ key }) => key);
  return { clock, ring, attempts, telemetry, handler, run, used };
}

describe('keys', () => {
  it('does not ask with a refused only key where the call can go elsewhere, but for one that tries it', async () => {
    const { run, attempts, clock, telemetry } = open(1, [usedUp], [usedUp], ANSWER, ANSWER);
    const elsewhere = { alternatives: [{ upstream: 'azure', model: 'gpt' }] };
    expect(await run(elsewhere)).toMatchObject({ error: { reason: 'QUOTA_EXCEEDED' } });
    expect(await run(elsewhere)).toMatchObject({ error: { reason: 'QUOTA_EXCEEDED' } });
    expect(attempts.calls).toHaveLength(1);
    clock.advance(60_000);
    expect(await run(elsewhere)).toMatchObject({ error: { facts: { upstreamStatus: 429 } } });
    await run(elsewhere);
    expect(attempts.calls).toHaveLength(2);
    clock.advance(120_000);
    expect(await run(elsewhere)).toEqual({ events: ANSWER });
    expect(await run(elsewhere)).toEqual({ events: ANSWER });
    expect(await telemetry.measured(METRICS.keysSetAside.name)).toMatchObject([{ value: 2 }]);
  });

  it.each([[[]], [[{ upstream: 'default', model: 'other' }]]])(
    'asks with a refused only key where there is no other upstream: %j',
    async (alternatives) => {
      const { run, attempts } = open(1, [refused], ANSWER, [unavailable]);
      await run({ upstream: 'default', alternatives });
      expect(await run({ upstream: 'default', alternatives })).toEqual({ events: ANSWER });
      await run({ upstream: 'default', alternatives });
      expect(attempts.calls).toHaveLength(3);
    },
  );

  it('takes the keys in turn', async () => {
    const { run, used } = open(2, ANSWER, ANSWER, ANSWER);
    expect(await run()).toEqual({ events: ANSWER });
    await run();
    await run();
    expect(used()).toEqual([0, 1, 0]);
  });

  it.each([refused, usedUp])('goes on with the next key at once after $reason', async (error) => {
    const { run, ring, used } = open(2, [error], ANSWER, ANSWER);
    expect(await run()).toEqual({ events: ANSWER });
    expect(ring.setAside).toBe(1);
    await run();
    expect(used()).toEqual([0, 1, 1]);
  });

  it('tries at most three keys', async () => {
    const { run, used, ring } = open(5, [refused], [usedUp], [refused]);
    expect(await run()).toEqual({ events: [], error: refused });
    expect(used()).toEqual([0, 1, 2]);
    expect(ring.setAside).toBe(3);
  });

  it('does not try a key twice', async () => {
    const { run, used, ring } = open(2, [refused], [usedUp]);
    expect(await run()).toEqual({ events: [], error: usedUp });
    expect(used()).toEqual([0, 1]);
    expect(ring.setAside).toBe(2);
  });

  it('tries a key that is set aside if it comes back first', async () => {
    const { run, used, ring } = open(2, [refused], ANSWER);
    ring.refused(1, 'QUOTA_EXCEEDED');
    expect(await run()).toEqual({ events: ANSWER });
    expect(used()).toEqual([0, 1]);
    expect(ring.setAside).toBe(1);
  });

  it('leaves other failures to other stages, and the key where it is', async () => {
    const denied = new ProviderError('PERMISSION_DENIED');
    for (const error of [unavailable, denied]) {
      const { run, ring, attempts } = open(2, [error]);
      expect((await run()).error).toBe(error);
      expect(ring.setAside).toBe(0);
      expect(attempts.made).toBe(1);
    }
  });

  it('makes the next attempt of a call with another key, whatever failed', async () => {
    const { run, used } = open(2, [unavailable], ANSWER, ANSWER);
    const { record } = aCall();
    await run({ record });
    await run();
    await run({ record });
    expect(used()).toEqual([0, 1, 1]);
  });

  it('goes on if a stream fails before output', async () => {
    const { run, used } = open(2, [started(), usedUp], ANSWER);
    expect(await run()).toEqual({ events: [started(), ...ANSWER] });
    expect(used()).toEqual([0, 1]);
  });

  it('sets the key aside but does not go on after output', async () => {
    const { run, ring, attempts } = open(2, [started(), text('a'), usedUp], ANSWER);
    expect(await run()).toEqual({ events: [started(), text('a')], error: usedUp });
    expect(ring.setAside).toBe(1);
    expect(attempts.made).toBe(1);
  });

  it('takes a key for working once it brought output, not before', async () => {
    const { run, ring } = open(2, [started(), usedUp], ANSWER);
    const succeeded = jest.spyOn(ring, 'succeeded');
    await run();
    expect(succeeded.mock.calls).toEqual([[1]]);
  });

  it('goes on with a key that draws on other limits at once after a refused rate', async () => {
    const { run, ring, used } = open(2, [limited], ANSWER);
    expect(await run()).toEqual({ events: ANSWER });
    expect(used()).toEqual([0, 1]);
    // Its target's limiter leaves it alone, for this model.
    expect(ring.setAside).toBe(0);
  });

  it('does not ask another key of the same quota group after a refused rate', async () => {
    const limits = {
      ...LIMITS,
      shareLimits: (key: number, other: number) => key % 2 === other % 2,
    };
    const { run, used } = openWith(limits, 4, [limited], [limited]);
    expect(await run()).toEqual({ events: [], error: limited });
    expect(used()).toEqual([0, 1]);
  });

  it('does not go on with a key of which nothing is left', async () => {
    const limits = { ...LIMITS, headroom: (_: string, key: number) => (key === 1 ? 0 : 1) };
    const { run, used } = openWith(limits, 3, [limited], ANSWER);
    expect(await run()).toEqual({ events: ANSWER });
    expect(used()).toEqual([0, 2]);
  });

  it('leaves the refusals of its own queue to other stages: it knows all keys', async () => {
    const own = new ProviderError('RATE_LIMIT_EXCEEDED');
    const { run, attempts } = open(2, [own]);
    expect((await run()).error).toBe(own);
    expect(attempts.made).toBe(1);
  });

  it('tells of the refused rate rather than of what ails the other keys', async () => {
    const { run, used } = open(2, [limited], [refused]);
    expect(await run()).toEqual({ events: [], error: limited });
    expect(used()).toEqual([0, 1]);
  });

  it('uses keys by what is left of their limits', async () => {
    const limits = { ...LIMITS, headroom: (_: string, key: number) => (key === 0 ? 0.25 : 0.75) };
    const { run, used } = openWith(limits, 2, ...Array.from({ length: 8 }, () => ANSWER));
    for (let index = 0; index < 8; index += 1) await run();
    expect(used().filter((key) => key === 0)).toHaveLength(2);
  });

  it('makes no attempt for a call that has ended', async () => {
    const { run, attempts } = open(2, [refused], ANSWER);
    const controller = new AbortController();
    const answered = run({ signal: controller.signal });
    controller.abort();
    expect(await answered).toMatchObject({ events: [], error: { reason: 'CANCELLED' } });
    expect(attempts.made).toBe(1);
  });

  it('makes no other attempt when the call is aborted during one', async () => {
    const { run, attempts, ring } = open(2, [started(), usedUp], ANSWER);
    const controller = new AbortController();
    const answered = run({ signal: controller.signal });
    controller.abort();
    expect(await answered).toMatchObject({ events: [started()], error: { reason: 'CANCELLED' } });
    expect(attempts).toMatchObject({ made: 1, ended: 1 });
    expect(ring.setAside).toBe(0);
  });

  it('does not count a key that another call had set aside meanwhile', async () => {
    const { run, ring, telemetry } = open(2, [refused], ANSWER);
    const answered = run();
    ring.refused(0, 'INVALID_API_KEY');
    await answered;
    expect(ring.setAside).toBe(1);
    expect(await telemetry.measured(METRICS.keysSetAside.name)).toEqual([]);
  });

  it('counts the keys that are set aside, by target and reason', async () => {
    const { run, telemetry } = open(3, [refused], [usedUp], ANSWER);
    await run({ upstream: 'azure' });
    const measured = await telemetry.measured(METRICS.keysSetAside.name);
    expect(measured.map(({ attributes, value }) => [attributes, value])).toEqual(
      ['INVALID_API_KEY', 'QUOTA_EXCEEDED'].map((reason) => [
        { 'tamma.provider.target': 'azure', 'tamma.provider.reason': reason },
        1,
      ]),
    );
  });
});
