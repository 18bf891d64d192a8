import { describe, expect, it } from '@jest/globals';
import type { Call, Handler } from '../../../src/provider/call.ts';
import { createCatalogue } from '../../../src/provider/catalogue/catalogue.ts';
import type { MessageRequest } from '../../../src/provider/message.ts';
import { type PrepareOptions, prepare, prepareCall } from '../../../src/provider/stages/prepare.ts';
import { aCall, completed, drain, replay } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { aModel, aReasoningModel } from '../../support/models.ts';

const DAY_MS = 86_400_000;

const CATALOGUE = createCatalogue('test', [
  aModel({ id: 'gpt-default', maxOutputTokens: 100 }),
  aModel({ id: 'gpt-own', snapshots: ['gpt-own-2026'], supports: { images: false } }),
  aModel({ id: 'gpt-old', shutdownDate: '1970-01-01', replacement: 'gpt-default' }),
  aModel({ id: 'gpt-told', instructionRole: 'user' }),
  aReasoningModel({ id: 'gpt-thinks', surfaces: ['chat_completions', 'responses'] }),
]);

const OPTIONS: PrepareOptions = {
  defaultModel: 'gpt-default',
  resolve: { openAI: true, unknownModels: 'refuse', shutDownModels: 'refuse', declared: [] },
  profiles: {
    models: { 'gpt-own': { temperature: 0.5, systemPrompt: 'Be brief.' } },
    tasks: { planning: { temperatureFactor: 0.5 } },
  },
  dropUnsupported: false,
};

const DEPS = { catalogue: () => CATALOGUE, clock: new FakeClock(10 * DAY_MS) };

function aRequest(request: Partial<MessageRequest>, fields: Partial<Call> = {}): Call {
  return aCall({
    ...fields,
    model: request.model ?? '',
    request: { messages: [{ role: 'user', content: 'Hi' }], ...request },
  });
}

function run(request: Partial<MessageRequest>, options: Partial<PrepareOptions> = {}) {
  const calls: Call[] = [];
  const next: Handler = (call) => {
    calls.push(call);
    return replay(completed())(call);
  };
  const call = aRequest(request);
  return { call, calls, events: prepare({ ...OPTIONS, ...options }, DEPS)(next)(call) };
}

function prepared(request: Partial<MessageRequest>, options: Partial<PrepareOptions> = {}): Call {
  return prepareCall(aRequest(request), { ...OPTIONS, ...options }, DEPS);
}

async function refusal(request: Partial<MessageRequest>, options: Partial<PrepareOptions> = {}) {
  const { calls, events } = run(request, options);
  const { error } = await drain(events);
  expect(calls).toEqual([]);
  return error;
}

describe('prepare', () => {
  it.each([
    [{}, 'gpt-default'],
    [{ model: '' }, 'gpt-default'],
    [{ model: 'gpt-default' }, 'gpt-default'],
  ])('hands on a call that needs nothing, its model resolved (%j)', async (request, model) => {
    const { call, calls, events } = run(request);
    expect(await drain(events)).toEqual({ events: [completed()] });
    expect(calls).toEqual([
      { ...call, model, target: { model: CATALOGUE.find(model), surface: 'chat_completions' } },
    ]);
    expect(calls[0]?.request).toBe(call.request);
    expect(call.record.model).toBe(model);
  });

  it('refuses without asking anybody, once it is read', async () => {
    const { call, calls, events } = run({ messages: [], temperature: 3 });
    expect(await drain(events)).toMatchObject({
      events: [],
      error: {
        reason: 'INVALID_REQUEST',
        facts: {
          model: 'gpt-default',
          fieldViolations: [{ field: 'request.messages' }, { field: 'request.temperature' }],
        },
      },
    });
    expect(calls).toEqual([]);
    expect(call.record.model).toBe('gpt-default');
  });

  it('keeps a malformed model name out of the record and the catalogue', async () => {
    const { call, events } = run({ model: 'a\nb', temperature: 3 });
    expect(await drain(events)).toMatchObject({
      error: {
        reason: 'INVALID_REQUEST',
        facts: { fieldViolations: [{ field: 'request.model' }, { field: 'request.temperature' }] },
      },
    });
    expect(call.record.model).toBe('');
  });
});

describe('the model', () => {
  it('wins over bad fields if there is no such one', async () => {
    expect(await refusal({ model: 'gpt-none', temperature: 3 })).toMatchObject({
      reason: 'MODEL_NOT_FOUND',
      facts: { model: 'gpt-none' },
    });
    expect(await refusal({ model: 'gpt-old' })).toMatchObject({
      reason: 'MODEL_NOT_FOUND',
      facts: { model: 'gpt-old', replacement: 'gpt-default' },
    });
  });

  it('is noted in the record of a refusal too', async () => {
    const { call, events } = run({ model: 'gpt-none' });
    await drain(events);
    expect(call.record.model).toBe('gpt-none');
  });

  it('is the replacement where that is configured, and the caller is told', () => {
    const resolve = { ...OPTIONS.resolve, shutDownModels: 'redirect' } as const;
    const call = prepared({ model: 'gpt-old' }, { resolve });
    expect(call).toMatchObject({
      model: 'gpt-default',
      target: { model: { id: 'gpt-default' } },
      record: { model: 'gpt-default' },
      warnings: [expect.stringContaining('redirected to gpt-default')],
    });
  });

  it('is sent as it was asked for, and known by its row', () => {
    expect(prepared({ model: 'gpt-own-2026' })).toMatchObject({
      model: 'gpt-own-2026',
      target: { model: { id: 'gpt-own' } },
    });
  });
});

describe('the profile', () => {
  it('gives the request its settings and its system prompt', () => {
    const call = prepared({ model: 'gpt-own', taskType: 'planning' });
    expect(call.applied).toMatchObject({ profile: 'gpt-own', systemPromptAdded: true });
    expect(call.request).toStrictEqual({
      model: 'gpt-own',
      taskType: 'planning',
      temperature: 0.25,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
    });
  });

  it("does not move the paths of what is wrong with the caller's messages", async () => {
    const content = [{ type: 'image', uri: 'https://example.com/a.png' }] as const;
    const messages = [{ role: 'user', content }] as const;
    expect(await refusal({ model: 'gpt-own', messages })).toMatchObject({
      reason: 'UNSUPPORTED_PARAMETER',
      facts: { fieldViolations: [{ field: 'request.messages[0].parts[0].image' }] },
    });
  });

  it('warns where a system prompt of its own becomes a user message', () => {
    const profiles = { models: { 'gpt-told': { systemPrompt: 'Think.' } }, tasks: {} };
    expect(prepared({ model: 'gpt-told' }, { profiles }).warnings).toEqual([
      'gpt-told takes no system messages: they were sent as user messages.',
    ]);
    expect(prepared({ model: 'gpt-told' }).warnings).toEqual([]);
  });
});

describe('fitting', () => {
  it('tells at once what is malformed and what the model does not take', async () => {
    const error = await refusal({ model: 'gpt-thinks', topP: 2, temperature: 0.5, maxTokens: 1e6 });
    expect(error).toMatchObject({
      reason: 'INVALID_REQUEST',
      facts: {
        fieldViolations: [
          { field: 'request.top_p', description: 'must be between 0 and 1' },
          { field: 'request.temperature' },
          { field: 'request.top_p', description: expect.stringContaining('not accepted') },
          { field: 'request.max_tokens' },
        ],
      },
    });
  });

  it('is UNSUPPORTED_PARAMETER where every field is well-formed', async () => {
    expect(await refusal({ model: 'gpt-thinks', temperature: 0.5 })).toMatchObject({
      reason: 'UNSUPPORTED_PARAMETER',
      facts: { model: 'gpt-thinks', fieldViolations: [{ field: 'request.temperature' }] },
    });
  });

  it('leaves out what may be left out, after the warnings that there were', () => {
    const call = aRequest({ model: 'gpt-thinks', temperature: 0.5 }, { warnings: ['Before.'] });
    const { request, warnings } = prepareCall(call, { ...OPTIONS, dropUnsupported: true }, DEPS);
    expect(request).not.toHaveProperty('temperature');
    expect(warnings).toEqual([
      'Before.',
      expect.stringMatching(/^request\.temperature was left out: /),
    ]);
  });

  it('is for the surface that is configured, or else chosen', async () => {
    expect(prepared({ model: 'gpt-thinks' }).target.surface).toBe('responses');
    expect(prepared({ model: 'gpt-thinks', seed: 1 }).target.surface).toBe('chat_completions');
    const surface = 'responses';
    expect(await refusal({ model: 'gpt-thinks', seed: 1 }, { surface })).toMatchObject({
      facts: { fieldViolations: [{ field: 'request.seed' }] },
    });
  });
});
