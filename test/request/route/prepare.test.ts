import { describe, expect, it } from '@jest/globals';
import type { Call, Handler } from '../../../src/core/call.ts';
import type { MessageRequest } from '../../../src/core/message.ts';
import { prepare } from '../../../src/request/route/prepare.ts';
import type { RouterOptions } from '../../../src/request/route/router-options.ts';
import { completed, drain, replay } from '../../support/events.ts';
import { AZURE, aRouter, asking, CATALOGUE, OPENAI } from './a-router.ts';

function run(request: Partial<MessageRequest>, options: Partial<RouterOptions> = {}) {
  const calls: Call[] = [];
  const next: Handler = (call, emit) => {
    calls.push(call);
    return replay(completed())(call, emit);
  };
  const call = asking(request);
  const handler = prepare(aRouter(options).router)(next);
  return { call, calls, outcome: drain((emit) => handler(call, emit)) };
}

function prepared(request: Partial<MessageRequest>, options: Partial<RouterOptions> = {}): Call {
  return aRouter(options).router.first(asking(request));
}

/** The rules of OpenAI, but for these. */
function except(rules: Partial<typeof OPENAI>): Pick<RouterOptions, 'upstreams'> {
  return { upstreams: new Map([['default', { ...OPENAI, ...rules }]]) };
}

async function refusal(request: Partial<MessageRequest>, options: Partial<RouterOptions> = {}) {
  const { calls, outcome } = run(request, options);
  const { error } = await outcome;
  expect(calls).toEqual([]);
  return error;
}

describe('prepare', () => {
  it.each([
    [{}, 'gpt-default'],
    [{ model: '' }, 'gpt-default'],
    [{ model: 'gpt-default' }, 'gpt-default'],
  ])('hands on a call that needs nothing, its model resolved (%j)', async (request, model) => {
    const { call, calls, outcome } = run(request);
    expect(await outcome).toEqual({ events: [completed()] });
    expect(calls).toEqual([
      {
        ...call,
        model,
        target: {
          model: CATALOGUE.find(model),
          surface: 'chat_completions',
          catalogueVersion: CATALOGUE.version,
        },
      },
    ]);
    expect(calls[0]?.request).toBe(call.request);
    expect(call.record.model).toBe(model);
  });

  it('refuses without asking anybody', async () => {
    const { call, calls, outcome } = run({ messages: [], temperature: 3 });
    expect(await outcome).toMatchObject({
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
    const { call, outcome } = run({ model: 'a\nb', temperature: 3 });
    expect(await outcome).toMatchObject({
      error: {
        reason: 'INVALID_REQUEST',
        facts: { fieldViolations: [{ field: 'request.model' }, { field: 'request.temperature' }] },
      },
    });
    expect(call.record.model).toBe('');
  });
});

describe('where a call may go', () => {
  it('is known when it is handed on', async () => {
    const { calls, outcome } = run({
      model: 'azure/gpt-own',
      fallbackModels: ['default', 'azure/x'],
    });
    await outcome;
    expect(calls).toMatchObject([
      {
        upstream: 'azure',
        alternatives: [
          { upstream: 'default', model: 'gpt-own' },
          { upstream: 'azure', model: 'x' },
        ],
      },
    ]);
    expect(calls[0]?.model).toBe(AZURE.modelNames['gpt-own']);
  });

  it('is refused where a name is a slip, before anybody is asked', async () => {
    expect(await refusal({ fallbackModels: ['gpt-own', 'gpt-onw'] })).toMatchObject({
      reason: 'INVALID_REQUEST',
      facts: { fieldViolations: [{ field: 'request.fallback_models[1]' }] },
    });
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
    const { call, outcome } = run({ model: 'gpt-none' });
    await outcome;
    expect(call.record.model).toBe('gpt-none');
  });

  it('is the replacement where that is configured, and the caller is told', () => {
    const resolve = { ...OPENAI.resolve, shutDownModels: 'redirect' } as const;
    const call = prepared({ model: 'gpt-old' }, except({ resolve }));
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

  it.each<[string, Partial<MessageRequest>, string | undefined]>([
    ['gpt-thinks', {}, 'auto'],
    ['gpt-thinks', { reasoningSummary: 'detailed' }, 'detailed'],
    // Chat Completions tells no summaries, and a default is no reason to refuse a call.
    ['gpt-thinks', { seed: 1 }, undefined],
    ['gpt-default', {}, undefined],
  ])("asks %s for its profile's reasoning summary beside %j: %s", (model, request, summary) => {
    const profiles = { models: { '*': { reasoningSummary: 'auto' } }, tasks: {} };
    const call = prepared({ model, ...request }, { profiles });
    expect(call.request.reasoningSummary).toBe(summary);
  });

  it('refuses a reasoning summary that the target cannot tell', async () => {
    const asked = { reasoningSummary: 'auto' };
    for (const model of ['gpt-default', 'azure/gpt-thinks']) {
      expect(await refusal({ ...asked, model })).toMatchObject({
        reason: 'UNSUPPORTED_PARAMETER',
        facts: { fieldViolations: [{ field: 'request.reasoning_summary' }] },
      });
    }
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
    const call = asking({ model: 'gpt-thinks', temperature: 0.5 }, { warnings: ['Before.'] });
    const { request, warnings } = aRouter({ dropUnsupported: true }).router.first(call);
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
    expect(await refusal({ model: 'gpt-thinks', seed: 1 }, except({ surface }))).toMatchObject({
      facts: { fieldViolations: [{ field: 'request.seed' }] },
    });
  });
});
