import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Message, MessageRequest } from '../../../src/core/message.ts';
import {
  MODEL_PARAMETERS,
  type Model,
  type ModelParameter,
  type Surface,
} from '../../../src/core/model.ts';
import { fitToModel } from '../../../src/request/fit/fit-to-model.ts';
import { aModel, aReasoningModel, type ModelFacts } from '../../support/models.ts';

const HELLO: Message = { role: 'user', content: 'Hello' };
const ADD = { name: 'add' };
const IMAGE: Message = {
  role: 'user',
  content: [
    { type: 'text', text: 'What?' },
    { type: 'image', uri: 'https://example.com/a.png' },
  ],
};
const THOUGHT: Message = {
  role: 'assistant',
  content: '3',
  reasoningItems: [{ id: 'rs_1', encryptedContent: 'x', summary: [] }],
};

function fitted(
  request: Partial<MessageRequest>,
  model: Model = aModel(),
  { surface = 'chat_completions', drop = false }: { surface?: Surface; drop?: boolean } = {},
) {
  const refused: string[] = [];
  const whole = { messages: [HELLO], ...request };
  const fitted = fitToModel(
    whole,
    { model, surface },
    { unsupported: (field, description) => refused.push(`${field} ${description}`) },
    { dropUnsupported: drop },
  );
  return { ...fitted, refused, whole };
}

describe('what a model is known not to take', () => {
  it.each<[string, Partial<MessageRequest>, ModelFacts, string]>([
    [
      'what it rejects',
      { seed: 1 },
      { rejects: ['seed'] },
      'request.seed is not accepted by gpt-test',
    ],
    [
      'an effort, if it does not reason',
      { reasoningEffort: 'low' },
      { rejects: ['reasoningEffort'] },
      'request.reasoning_effort is not accepted by gpt-test',
    ],
    [
      'efforts outside of its set',
      { reasoningEffort: 'max' },
      { reasoning: { efforts: ['low', 'high'] } },
      'request.reasoning_effort must be one of low, high for gpt-test',
    ],
    [
      'more tokens than it answers with',
      { maxTokens: 4097 },
      { maxOutputTokens: 4096 },
      'request.max_tokens must be at most 4096, the longest answer of gpt-test',
    ],
    [
      'tools',
      { tools: [ADD] },
      { supports: { tools: false } },
      'request.tools is not supported by gpt-test',
    ],
    [
      'the parameter of parallel calls',
      { tools: [ADD], parallelToolCalls: false },
      { supports: { parallelToolCalls: false } },
      'request.parallel_tool_calls is not supported by gpt-test',
    ],
    [
      'predictions',
      { prediction: 'code' },
      { supports: { predictedOutputs: false } },
      'request.prediction is not supported by gpt-test',
    ],
    [
      'schemas of answers',
      { responseFormat: { type: 'json_schema', name: 'out', schema: '{}' } },
      { supports: { structuredOutputs: false } },
      'request.response_format.json_schema is not supported by gpt-test',
    ],
    [
      'JSON mode',
      { responseFormat: { type: 'json_object' } },
      { supports: { jsonMode: false } },
      'request.response_format.json_object is not supported by gpt-test',
    ],
    [
      'images',
      { messages: [HELLO, IMAGE] },
      { supports: { images: false } },
      'request.messages[1].parts[1].image is not supported by gpt-test',
    ],
    [
      'sealed reasoning, if it does not reason',
      { messages: [THOUGHT] },
      { rejects: ['reasoningEffort'] },
      'request.messages[0].reasoning_items is not accepted by gpt-test, which does not reason',
    ],
    [
      'questions, if it makes embeddings',
      {},
      { capabilities: ['embeddings'] },
      'request.model names gpt-test, which makes embeddings and no answers',
    ],
  ])('is refused: %s', (_, request, facts, expected) => {
    const surface = request.messages?.includes(THOUGHT) ? 'responses' : 'chat_completions';
    expect(fitted(request, aModel(facts), { surface }).refused).toEqual([expected]);
    expect(fitted(request, aModel(), { surface }).refused).toEqual([]);
  });

  it('is told all at once', () => {
    const model = aReasoningModel({ maxOutputTokens: 10 });
    expect(
      fitted({ temperature: 0, topP: 1, frequencyPenalty: 1, maxTokens: 11, stop: ['a'] }, model)
        .refused,
    ).toEqual([
      expect.stringMatching(/^request\.temperature .* unless reasoning_effort is none$/),
      expect.stringMatching(/^request\.top_p /),
      expect.stringMatching(/^request\.frequency_penalty is not accepted by gpt-test$/),
      expect.stringMatching(/^request\.max_tokens /),
    ]);
  });

  it('is nothing where the value is empty', () => {
    const rejects: ModelParameter[] = ['stop', 'tools', 'logitBias', 'verbosity', 'prediction'];
    const request = { stop: [], tools: [], logitBias: {}, verbosity: '', prediction: '' };
    expect(fitted(request, aModel({ rejects })).refused).toEqual([]);
  });
});

describe('an effort of none', () => {
  const sampled = { temperature: 0.5, topP: 0.5 };

  it('opens a reasoning model to sampling', () => {
    const model = aReasoningModel();
    expect(fitted({ ...sampled, reasoningEffort: 'none' }, model).refused).toEqual([]);
    expect(fitted({ ...sampled, reasoningEffort: 'low' }, model).refused).toHaveLength(2);
    expect(fitted({ logitBias: { 1: 1 }, reasoningEffort: 'none' }, model).refused).toHaveLength(1);
  });

  it('may be the default', () => {
    const model = aReasoningModel({ reasoning: { defaultEffort: 'none' } });
    expect(fitted(sampled, model).refused).toEqual([]);
    expect(fitted({ ...sampled, reasoningEffort: '' }, model).refused).toEqual([]);
    expect(fitted({ ...sampled, reasoningEffort: 'low' }, model).refused).toHaveLength(2);
  });

  it('is left to the upstream where the default is not known but may be none', () => {
    const { defaultEffort: _, ...reasoning } = aReasoningModel().reasoning;
    const model = { ...aReasoningModel(), reasoning };
    expect(fitted(sampled, model).refused).toEqual([]);
    const always = { ...model, reasoning: { ...reasoning, efforts: ['low', 'high'] } };
    expect(fitted(sampled, always).refused).toHaveLength(2);
  });

  it('opens Chat Completions to tools, where a model wants that', () => {
    const model = aReasoningModel({ supports: { toolsOnChatCompletions: 'without_reasoning' } });
    const refused = [
      'request.reasoning_effort must be none if gpt-test is given tools over Chat Completions',
    ];
    expect(fitted({ tools: [ADD] }, model).refused).toEqual(refused);
    expect(fitted({ tools: [ADD], reasoningEffort: 'low' }, model).refused).toEqual(refused);
    expect(fitted({ tools: [ADD], reasoningEffort: 'none' }, model).refused).toEqual([]);
    expect(fitted({ tools: [] }, model).refused).toEqual([]);
    expect(fitted({ tools: [ADD] }, model, { surface: 'responses' }).refused).toEqual([]);
  });
});

describe('the surface', () => {
  it('refuses on Chat Completions tools that need Responses', () => {
    const model = aModel({ supports: { toolsOnChatCompletions: false } });
    expect(fitted({ tools: [ADD] }, model).refused).toEqual([
      'request.tools are taken by gpt-test over the Responses API only',
    ]);
    expect(fitted({ tools: [ADD] }, model, { surface: 'responses' }).refused).toEqual([]);
  });

  it('refuses on Responses what only Chat Completions has', () => {
    const request: Partial<MessageRequest> = {
      stop: ['a'],
      frequencyPenalty: 0,
      presencePenalty: 0,
      logitBias: { 1: 1 },
      seed: 0,
      prediction: 'x',
      messages: [HELLO, { ...HELLO, name: 'ann' }],
    };
    expect(fitted(request).refused).toEqual([]);
    const { refused } = fitted(request, aModel(), { surface: 'responses' });
    for (const sentence of refused) {
      expect(sentence).toMatch(/ is not part of the Responses API, over which gpt-test is asked$/);
    }
    expect(refused.map((sentence) => sentence.split(' ')[0]).sort()).toEqual([
      'request.frequency_penalty',
      'request.logit_bias',
      'request.messages[1].name',
      'request.prediction',
      'request.presence_penalty',
      'request.seed',
      'request.stop',
    ]);
  });

  it('refuses on Responses limits below 16 tokens', () => {
    const model = aModel();
    expect(fitted({ maxTokens: 15 }, model, { surface: 'responses' }).refused).toEqual([
      'request.max_tokens must be at least 16 over the Responses API, over which gpt-test is asked',
    ]);
    expect(fitted({ maxTokens: 16 }, model, { surface: 'responses' }).refused).toEqual([]);
    expect(fitted({ maxTokens: 1 }, model).refused).toEqual([]);
  });

  it('refuses on Chat Completions sealed reasoning', () => {
    const messages = [HELLO, THOUGHT, HELLO, THOUGHT];
    expect(fitted({ messages }).refused).toEqual([
      'request.messages[1].reasoning_items is not part of Chat Completions, over which gpt-test is asked',
      'request.messages[3].reasoning_items is not part of Chat Completions, over which gpt-test is asked',
    ]);
    expect(fitted({ messages }, aModel(), { surface: 'responses' }).refused).toEqual([]);
  });
});

describe('dropUnsupported', () => {
  it('leaves out what steers sampling, with a warning for each field', () => {
    const { request, warnings, refused } = fitted(
      { temperature: 0, seed: 7, verbosity: 'low' },
      aReasoningModel({ rejects: ['temperature', 'verbosity'] }),
      { drop: true },
    );
    expect(request).toStrictEqual({ messages: [HELLO], seed: 7 });
    expect(warnings).toEqual([
      'request.temperature was left out: it is not accepted by gpt-test unless reasoning_effort is none.',
      'request.verbosity was left out: it is not accepted by gpt-test.',
    ]);
    expect(refused).toEqual([]);
  });

  it('judges the rest by the effort that remains', () => {
    const model = aReasoningModel({ reasoning: { efforts: ['low'] } });
    const { request, warnings } = fitted({ reasoningEffort: 'none', temperature: 1 }, model, {
      drop: true,
    });
    expect(request).toStrictEqual({ messages: [HELLO] });
    expect(warnings).toHaveLength(2);
  });

  it('refuses all the same what decides what the answer is or where it ends', () => {
    const model = aModel({
      rejects: ['stop', 'tools'],
      supports: { images: false, structuredOutputs: false },
      maxOutputTokens: 1,
    });
    const { refused, warnings, request, whole } = fitted(
      {
        messages: [IMAGE],
        stop: ['a'],
        tools: [ADD],
        maxTokens: 2,
        responseFormat: { type: 'json_schema', name: 'out', schema: '{}' },
      },
      model,
      { drop: true },
    );
    expect(refused).toHaveLength(5);
    expect(warnings).toEqual([]);
    expect(request).toBe(whole);
  });

  it('leaves names and sealed reasoning out of messages, with one warning for all', () => {
    const named = { ...HELLO, name: 'ann' };
    const asked = fitted({ messages: [named] }, aModel(), { surface: 'responses', drop: true });
    expect(asked.request.messages).toStrictEqual([HELLO]);
    expect(asked.warnings).toEqual([
      'request.messages[0].name was left out: it is not part of the Responses API, over which gpt-test is asked.',
    ]);
    const { request, warnings } = fitted({ messages: [THOUGHT, HELLO, THOUGHT] }, aModel(), {
      drop: true,
    });
    expect(request.messages).toStrictEqual([
      { role: 'assistant', content: '3' },
      HELLO,
      { role: 'assistant', content: '3' },
    ]);
    expect(warnings).toEqual([
      'request.messages[0].reasoning_items (and 1 more like it) was left out: it is not part of Chat Completions, over which gpt-test is asked.',
    ]);
  });
});

describe('properties', () => {
  const effort = fc.constantFrom('none', 'low', 'high');
  const anyRequest: fc.Arbitrary<MessageRequest> = fc.record(
    {
      messages: fc.array(fc.constantFrom(HELLO, IMAGE, THOUGHT, { ...HELLO, name: 'ann' }), {
        minLength: 1,
      }),
      temperature: fc.constantFrom(0, 1),
      topP: fc.constant(1),
      frequencyPenalty: fc.constant(1),
      presencePenalty: fc.constant(1),
      stop: fc.constantFrom([], ['a']),
      seed: fc.constant(0),
      logitBias: fc.constantFrom({}, { 1: 1 }),
      prediction: fc.constantFrom('', 'x'),
      reasoningEffort: fc.oneof(effort, fc.constant('')),
      verbosity: fc.constantFrom('', 'low'),
      tools: fc.constantFrom([], [ADD]),
      parallelToolCalls: fc.boolean(),
      maxTokens: fc.integer({ min: 1, max: 100 }),
    },
    { requiredKeys: ['messages'] },
  );
  const anyModel = fc
    .record({
      rejects: fc.subarray([...MODEL_PARAMETERS]),
      acceptsWithoutReasoning: fc.subarray([...MODEL_PARAMETERS]),
      efforts: fc.subarray(['none', 'low', 'high']),
      defaultEffort: effort,
      maxOutputTokens: fc.integer({ min: 1, max: 100 }),
      images: fc.boolean(),
    })
    .map(({ efforts, defaultEffort, images, ...facts }) =>
      aModel({ ...facts, supports: { images }, reasoning: { efforts, defaultEffort } }),
    );
  const isEmpty = (value: unknown) =>
    value === undefined || ['', '[]', '{}'].includes(JSON.stringify(value).replaceAll('"', ''));
  const surface = fc.constantFrom<Surface>('chat_completions', 'responses');

  it('an accepted request holds nothing that the model rejects', () => {
    fc.assert(
      fc.property(anyRequest, anyModel, surface, fc.boolean(), (asked, model, on, drop) => {
        const { request, refused } = fitted(asked, model, { surface: on, drop });
        if (refused.length > 0) return;
        const effort = request.reasoningEffort || model.reasoning.defaultEffort;
        const accepted = effort === 'none' ? model.acceptsWithoutReasoning : [];
        const sent = model.rejects.filter((name) => !isEmpty(request[name]));
        expect(accepted).toEqual(expect.arrayContaining(sent));
        expect(request.maxTokens ?? 1).toBeLessThanOrEqual(model.maxOutputTokens ?? 0);
      }),
    );
  });

  it('changes no value, and leaves nothing out without a warning that names it', () => {
    fc.assert(
      fc.property(anyRequest, anyModel, surface, fc.boolean(), (asked, model, on, drop) => {
        const { request, warnings, whole } = fitted(asked, model, { surface: on, drop });
        if (!drop) expect(request).toBe(whole);
        const { messages, ...settings } = asked;
        const dropped = Object.keys(settings).filter((name) => !(name in request));
        expect(request).toEqual({
          ...Object.fromEntries(Object.entries(asked).filter(([name]) => !dropped.includes(name))),
          messages: request.messages,
        });
        for (const name of dropped) {
          const field = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
          expect(warnings.join()).toContain(`request.${field} was left out`);
        }
        const lost = ['name', 'reasoningItems'].filter((field) => {
          const has = (message: Message) => field in message;
          return messages.some(has) && !request.messages.some(has);
        });
        expect(warnings).toHaveLength(dropped.length + lost.length);
      }),
    );
  });
});
