import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NOTHING_APPLIED } from '../../../src/core/call.ts';
import type { Message, MessageRequest } from '../../../src/core/message.ts';
import type { Model } from '../../../src/core/model.ts';
import { applyProfile, withSystemPrompt } from '../../../src/request/profiles/apply-profile.ts';
import { DEFAULT_PROFILES } from '../../../src/request/profiles/defaults.ts';
import type {
  ModelProfile,
  Profiles,
  TaskAdjustment,
} from '../../../src/request/profiles/profiles.ts';
import { aModel, aReasoningModel } from '../../support/models.ts';

const HELLO: Message = { role: 'user', content: 'Hello' };
const RULES: Message = { role: 'system', content: 'Be brief.' };

function apply(
  request: Partial<MessageRequest>,
  model: Model,
  profiles: Profiles,
  name = model.id,
) {
  return applyProfile({ messages: [HELLO], ...request }, { name, model }, profiles);
}

/** What a profile and a task set on a request that sets only `request`. */
function settings(
  profile: ModelProfile,
  task: TaskAdjustment = {},
  model: Model = aModel(),
  request: Partial<MessageRequest> = {},
) {
  const profiles = { models: { [model.id]: profile }, tasks: { planning: task } };
  const { messages, taskType, ...set } = apply(
    { ...request, taskType: 'planning' },
    model,
    profiles,
  ).request;
  return set;
}

describe('the built-in profiles', () => {
  const gpt4 = aModel({ id: 'gpt-4', maxOutputTokens: 8192 });
  const gpt35 = aModel({ id: 'gpt-3.5-turbo', maxOutputTokens: 4096 });
  const o1Preview = aReasoningModel({
    id: 'o1-preview',
    maxOutputTokens: 32_768,
    acceptsWithoutReasoning: [],
    reasoning: { efforts: [] },
  });

  it.each<[Model, MessageRequest['taskType'], Partial<MessageRequest>]>([
    [gpt4, undefined, { temperature: 0.1, maxTokens: 4096 }],
    [gpt4, 'code_generation', { temperature: 0.08, maxTokens: 2048 }],
    [gpt4, 'reasoning', { temperature: 0.12, maxTokens: 4096 }],
    [gpt4, 'analysis', { temperature: 0.05, maxTokens: 1024 }],
    [gpt4, 'planning', { temperature: 0.1, maxTokens: 4096 }],
    [gpt35, undefined, { temperature: 0.3, maxTokens: 2048 }],
    [gpt35, 'code_generation', { temperature: 0.24, maxTokens: 2048 }],
    [gpt35, 'reasoning', { temperature: 0.36, maxTokens: 2048 }],
    [gpt35, 'analysis', { temperature: 0.15, maxTokens: 1024 }],
    [o1Preview, undefined, { maxTokens: 32_768 }],
    [o1Preview, 'analysis', { maxTokens: 32_768 }],
    [aModel({ id: 'gpt-4.1', maxOutputTokens: 32_768 }), 'analysis', { maxTokens: 1024 }],
    [aModel({ id: 'gpt-4.1' }), undefined, {}],
    [aModel({ id: 'mystery' }), 'analysis', {}],
    [aReasoningModel({ id: 'o3' }), 'code_generation', {}],
  ])('set on $id what suits it and the task %s', (model, taskType, expected) => {
    const task = taskType === undefined ? {} : { taskType };
    expect(apply(task, model, DEFAULT_PROFILES).request).toStrictEqual({
      messages: [HELLO],
      ...task,
      ...expected,
    });
  });

  it.each([gpt4, gpt35, o1Preview])('have a system prompt for $id', (model) => {
    const { applied, systemPrompt } = apply({}, model, DEFAULT_PROFILES);
    expect(applied).toMatchObject({ profile: model.id, systemPromptAdded: true });
    expect(systemPrompt).toMatch(/^You are a .* AI assistant/);
  });

  it('leave a request for another model alone', () => {
    const request: MessageRequest = { messages: [HELLO] };
    const model = aModel({ id: 'gpt-4o' });
    const profiled = applyProfile(request, { name: 'gpt-4o', model }, DEFAULT_PROFILES);
    expect(profiled).toStrictEqual({ request, applied: NOTHING_APPLIED });
    expect(profiled.request).toBe(request);
  });
});

describe('the profile of a model', () => {
  const models = {
    'gpt-*': { maxTokens: 1 },
    'gpt-5*': { maxTokens: 2 },
    'gpt-5': { maxTokens: 3 },
    'gpt-5-2025-08-07': { maxTokens: 4 },
  };
  const gpt5 = aModel({ id: 'gpt-5' });

  it.each([
    ['gpt-5', gpt5, 'gpt-5'],
    ['gpt-5-2025-08-07', gpt5, 'gpt-5-2025-08-07'],
    ['gpt-5-2026-01-01', gpt5, 'gpt-5'],
    ['gpt-5-mini', aModel({ id: 'gpt-5-mini' }), 'gpt-*'],
    ['llama', aModel({ id: 'llama' }), undefined],
    ['constructor', aModel({ id: 'constructor' }), undefined],
  ])('asked for as %s is the nearest', (name, model, profile) => {
    const { applied } = apply({}, model, { models, tasks: {} }, name);
    expect(applied.profile).toBe(profile);
  });
});

describe('temperature', () => {
  it('is multiplied and kept within the range', () => {
    expect(settings({ temperature: 1.9 }, { temperatureFactor: 1.2 })).toEqual({ temperature: 2 });
    expect(settings({ temperature: 0.7 }, { temperatureFactor: 0 })).toEqual({ temperature: 0 });
  });

  it('is not made up where there is no base for a factor', () => {
    expect(settings({}, { temperatureFactor: 0.5 })).toEqual({});
  });

  it('is not set where the model does not take one', () => {
    expect(settings({ temperature: 0.5 }, {}, aReasoningModel())).toEqual({});
    const effort = { reasoningEffort: 'none' };
    expect(settings({ temperature: 0.5 }, {}, aReasoningModel(), effort)).toEqual({
      ...effort,
      temperature: 0.5,
    });
    expect(settings({ temperature: 0.5, ...effort }, {}, aReasoningModel())).toEqual({
      ...effort,
      temperature: 0.5,
    });
  });
});

describe('max_tokens', () => {
  const short = aModel({ maxOutputTokens: 100 });

  it('is never above what the model answers with', () => {
    expect(settings({ maxTokens: 101 }, {}, short)).toEqual({ maxTokens: 100 });
    expect(settings({ maxTokens: 99 }, {}, short)).toEqual({ maxTokens: 99 });
    expect(settings({}, { maxTokens: 101 }, short)).toEqual({ maxTokens: 100 });
  });

  it('is lowered by the task, never raised', () => {
    expect(settings({ maxTokens: 50 }, { maxTokens: 40 }, short)).toEqual({ maxTokens: 40 });
    expect(settings({ maxTokens: 50 }, { maxTokens: 60 }, short)).toEqual({ maxTokens: 50 });
    expect(settings({ maxTokens: 50 }, { maxTokens: 40 })).toEqual({ maxTokens: 40 });
  });

  it('leaves a model that reasons its room to think', () => {
    expect(settings({}, { maxTokens: 40 }, aReasoningModel())).toEqual({});
    expect(settings({ maxTokens: 50 }, { maxTokens: 40 }, aReasoningModel())).toEqual({
      maxTokens: 50,
    });
  });

  it('is not set by a task where no limit is known', () => {
    expect(settings({}, { maxTokens: 40 })).toEqual({});
  });
});

describe('reasoning_effort', () => {
  it("is the task's, else the profile's", () => {
    const model = aReasoningModel();
    expect(settings({ reasoningEffort: 'low' }, {}, model)).toEqual({ reasoningEffort: 'low' });
    expect(settings({ reasoningEffort: 'low' }, { reasoningEffort: 'high' }, model)).toEqual({
      reasoningEffort: 'high',
    });
  });

  it("is only set from the model's set", () => {
    expect(settings({ reasoningEffort: 'max' }, {}, aReasoningModel())).toEqual({});
    expect(settings({ reasoningEffort: 'low' })).toEqual({});
    const rejecting = aReasoningModel({ rejects: ['reasoningEffort'] });
    expect(settings({ reasoningEffort: 'low' }, {}, rejecting)).toEqual({});
  });

  it('does not make the model refuse what the caller set', () => {
    const model = aReasoningModel({ reasoning: { defaultEffort: 'none' } });
    const request = { temperature: 0.5 };
    expect(settings({ reasoningEffort: 'high' }, {}, model, request)).toEqual(request);
    expect(settings({ reasoningEffort: 'none' }, {}, model, request)).toEqual({
      ...request,
      reasoningEffort: 'none',
    });
  });
});

describe('the system prompt', () => {
  const profiles = (systemPrompt: string): Profiles => ({
    models: { 'gpt-test': { systemPrompt: 'Be kind.' } },
    tasks: { planning: { systemPrompt } },
  });

  it("is the task's, else the profile's", () => {
    const model = aModel();
    expect(apply({}, model, profiles('Plan.')).systemPrompt).toBe('Be kind.');
    expect(apply({ taskType: 'planning' }, model, profiles('Plan.')).systemPrompt).toBe('Plan.');
    const other = apply({ taskType: 'planning' }, aModel({ id: 'x' }), profiles('Plan.'));
    expect(other.applied).toMatchObject({ systemPromptAdded: true });
  });

  it.each(['system', 'developer'] as const)('yields to a %s message, wherever it is', (role) => {
    const messages = [HELLO, { ...RULES, role }];
    const { applied, systemPrompt } = apply({ messages }, aModel(), profiles('Plan.'));
    expect(systemPrompt).toBeUndefined();
    expect(applied).toMatchObject({ profile: 'gpt-test', systemPromptAdded: false });
  });

  it('comes before the conversation', () => {
    const request = { messages: [HELLO], seed: 1 };
    expect(withSystemPrompt(request, 'Be brief.')).toStrictEqual({
      messages: [RULES, HELLO],
      seed: 1,
    });
    expect(withSystemPrompt(request, undefined)).toBe(request);
  });
});

describe('properties', () => {
  const effort = fc.constantFrom('none', 'low', 'high', 'odd');
  const optional = { requiredKeys: [] };
  const anyProfile = fc.record(
    {
      temperature: fc.double({ min: 0, max: 2, noNaN: true }),
      maxTokens: fc.integer({ min: 1, max: 200_000 }),
      reasoningEffort: effort,
    },
    optional,
  );
  const anyTask = fc.record(
    {
      temperatureFactor: fc.double({ min: 0, max: 10, noNaN: true }),
      maxTokens: fc.integer({ min: 1, max: 200_000 }),
      reasoningEffort: effort,
    },
    optional,
  );
  const anyRequest = fc.record(
    {
      temperature: fc.double({ min: 0, max: 2, noNaN: true }),
      maxTokens: fc.integer({ min: 1, max: 200_000 }),
      reasoningEffort: effort,
      topP: fc.constant(0.5),
    },
    optional,
  );
  const anyModel = fc.constantFrom(
    aModel(),
    aModel({ maxOutputTokens: 100 }),
    aReasoningModel(),
    aReasoningModel({ reasoning: { defaultEffort: 'none' } }),
  );

  it("keep every one of the caller's values, and set only what the model takes", () => {
    fc.assert(
      fc.property(anyProfile, anyTask, anyRequest, anyModel, (profile, task, request, model) => {
        const set = settings(profile, task, model, request);
        expect(set).toMatchObject(request);
        const added = Object.fromEntries(
          Object.entries(set).filter(([name]) => !(name in request)),
        ) as Partial<MessageRequest>;
        const { efforts, defaultEffort } = model.reasoning;
        expect([undefined, ...efforts]).toContain(added.reasoningEffort);
        expect(added.maxTokens ?? 1).toBeLessThanOrEqual(model.maxOutputTokens ?? 200_000);
        expect(added.temperature ?? 0).toBeLessThanOrEqual(2);
        if (added.temperature === undefined || model.rejects.length === 0) return;
        expect(set.reasoningEffort ?? defaultEffort).toBe('none');
      }),
    );
  });
});
