import { describe, expect, it } from '@jest/globals';
import type { Call } from '../../../src/core/call.ts';
import type { Model } from '../../../src/core/model.ts';
import { limitsOf } from '../../../src/policies/timeouts/limits.ts';
import { DEFAULT_TIMEOUTS } from '../../../src/policies/timeouts/options.ts';
import { aCall } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { aModel, aReasoningModel } from '../../support/models.ts';

const CLOCK = new FakeClock();

const ELSEWHERE: Partial<Call> = { alternatives: [{ upstream: 'azure', model: 'gpt-test' }] };

const asking = (model: Model, fields: Partial<Call> = {}) =>
  aCall({ target: { model, surface: 'chat_completions' }, ...fields });

const effort = (reasoningEffort: string): Partial<Call> => ({
  request: { messages: [], reasoningEffort },
});

describe('limitsOf', () => {
  it('allows by default 5 s to connect, 30 s for headers and 30 s of silence', () => {
    expect(limitsOf(DEFAULT_TIMEOUTS, CLOCK)(aCall())).toMatchObject({
      connect: 5_000,
      headers: 30_000,
      idle: 30_000,
    });
  });

  it('allows silence alone to an answer that goes on', () => {
    const resumes = { id: 'resp_1', hasOutput: true, isOver: false, events: 3 };
    const limits = limitsOf(DEFAULT_TIMEOUTS, CLOCK);
    expect(limits(asking(aReasoningModel(), { resumes })).first_token).toBe(30_000);
    const silent = { ...resumes, hasOutput: false };
    expect(limits(asking(aReasoningModel(), { resumes: silent })).first_token).toBe(600_000);
  });

  it.each<[string, Model, Partial<Call>, number]>([
    ['60 s where there is nowhere else to go', aModel(), {}, 60_000],
    ['10 s where there is', aModel(), ELSEWHERE, 10_000],
    ['10 min for a model that reasons', aReasoningModel(), ELSEWHERE, 600_000],
    [
      '10 s for one that was told not to',
      aReasoningModel(),
      { ...ELSEWHERE, ...effort('none') },
      10_000,
    ],
    [
      '10 min for one that was told to',
      aReasoningModel({ reasoning: { defaultEffort: 'none' } }),
      effort('high'),
      600_000,
    ],
    [
      '10 min for an answer in one piece',
      aModel({ supports: { streaming: false } }),
      ELSEWHERE,
      600_000,
    ],
  ])('allows for the first output by default %s', (_, model, fields, expected) => {
    expect(limitsOf(DEFAULT_TIMEOUTS, CLOCK)(asking(model, fields)).first_token).toBe(expected);
  });

  it.each<[string, Partial<Call>, object]>([
    ['10 s where the deadline is far', {}, { headers: 10_000, first_token: 10_000, idle: 10_000 }],
    [
      'its share of the deadline',
      { deadline: CLOCK.now() + 12_000 },
      { headers: 6_000, first_token: 6_000, idle: 6_000 },
    ],
    ['a second at least', { deadline: CLOCK.now() + 100 }, { headers: 1_000, first_token: 1_000 }],
    [
      'and in the middle of an answer no less than without, if that is kept',
      { recovery: 'fail' },
      { headers: 10_000, idle: 30_000 },
    ],
  ])('leaves a silent upstream for another after %s', (_, fields, expected) => {
    const call = asking(aModel(), { ...ELSEWHERE, recovery: 'restart', ...fields });
    expect(limitsOf(DEFAULT_TIMEOUTS, CLOCK)(call)).toMatchObject(expected);
  });

  it('keeps a configured time, whatever the model', () => {
    const limits = limitsOf({ ...DEFAULT_TIMEOUTS, firstTokenMs: 7_000 }, CLOCK);
    expect(limits(asking(aReasoningModel())).first_token).toBe(7_000);
  });

  it('takes what the first fitting pattern says, and the rest from everybody', () => {
    const limits = limitsOf(
      {
        ...DEFAULT_TIMEOUTS,
        firstTokenMs: 7_000,
        models: [
          { pattern: 'other-*', connectMs: 1 },
          { pattern: 'gpt-*', headersMs: 2, firstTokenMs: 'auto' },
          { pattern: '*', connectMs: 3, headersMs: 3, firstTokenMs: 3, idleMs: 3 },
        ],
      },
      CLOCK,
    );
    expect(limits(asking(aModel({ id: 'gpt-4o' })))).toEqual({
      connect: 5_000,
      headers: 2,
      first_token: 60_000,
      idle: 30_000,
    });
    expect(limits(asking(aModel({ id: 'llama' }), { model: 'llama-3' }))).toEqual({
      connect: 3,
      headers: 3,
      first_token: 3,
      idle: 3,
    });
  });

  it("fits patterns to the model's id and to the name that is sent", () => {
    const limits = limitsOf(
      { ...DEFAULT_TIMEOUTS, models: [{ pattern: 'gpt-4o', idleMs: 1 }] },
      CLOCK,
    );
    const model = aModel({ id: 'gpt-4o' });
    expect(limits(asking(model, { model: 'gpt-4o-2024-08-06' })).idle).toBe(1);
    expect(limits(asking(aModel({ id: 'our-model' }), { model: 'gpt-4o' })).idle).toBe(1);
    expect(limits(asking(aModel({ id: 'our-model' }), { model: 'gpt-4' })).idle).toBe(30_000);
  });

  it("prefers the caller's own", () => {
    const limits = limitsOf(
      {
        ...DEFAULT_TIMEOUTS,
        models: [{ pattern: '*', firstTokenMs: 5, idleMs: 6 }],
      },
      CLOCK,
    );
    expect(limits(aCall({ firstTokenTimeoutMs: 1, idleTimeoutMs: 2 }))).toMatchObject({
      first_token: 1,
      idle: 2,
    });
  });
});
