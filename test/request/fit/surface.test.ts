import { describe, expect, it } from '@jest/globals';
import type { MessageRequest } from '../../../src/core/message.ts';
import { type Model, type Surface, unknownModel } from '../../../src/core/model.ts';
import { PARAMETERS, type Parameter } from '../../../src/request/fit/parameters.ts';
import { chooseSurface } from '../../../src/request/fit/surface.ts';

const BOTH: readonly Surface[] = ['chat_completions', 'responses'];
const REASONING = { isReasoning: true, efforts: ['none', 'low', 'high'] };
const TOOLS = { tools: [{ name: 'f' }] };

function aModel(fields: Partial<Model> = {}): Model {
  return { ...unknownModel('gpt-test'), surfaces: BOTH, ...fields };
}

function withTools(toolsOnChatCompletions: boolean | 'without_reasoning', defaultEffort?: string) {
  return aModel({
    supports: { streaming: true, toolsOnChatCompletions },
    reasoning: { ...REASONING, ...(defaultEffort !== undefined && { defaultEffort }) },
  });
}

const plain = aModel();
const reasoning = aModel({ reasoning: REASONING });
const onlyChat = aModel({ surfaces: ['chat_completions'], reasoning: REASONING });
const onlyResponses = aModel({ surfaces: ['responses'] });
const unlisted = aModel({ surfaces: [] });
const sealed = { id: 'rs_1', encryptedContent: 'x', summary: [] };
const turns = { messages: [{ role: 'assistant' as const, content: '', reasoningItems: [sealed] }] };
const named = { messages: [{ role: 'user' as const, content: 'Hi', name: 'ada' }] };

interface Case {
  readonly what: string;
  readonly model: Model;
  readonly request?: Partial<MessageRequest>;
  readonly openAI?: boolean;
  readonly override?: Surface;
  readonly chosen: Surface;
}

const CASES: readonly Case[] = [
  {
    what: 'a prompt that is to be cached for 12 hours',
    model: plain,
    request: { promptCacheOptions: { ttl: '12h' } },
    chosen: 'responses',
  },
  { what: 'a model that has chat only', model: onlyChat, chosen: 'chat_completions' },
  { what: 'a model that has Responses only', model: onlyResponses, chosen: 'responses' },
  {
    what: 'a model that has Responses only, elsewhere',
    model: onlyResponses,
    openAI: false,
    chosen: 'responses',
  },
  {
    what: 'a model that has not the configured surface',
    model: onlyResponses,
    override: 'chat_completions',
    chosen: 'responses',
  },
  { what: 'configuration', model: plain, override: 'responses', chosen: 'responses' },
  {
    what: 'configuration, elsewhere and for a model that nobody knows',
    model: unlisted,
    openAI: false,
    override: 'responses',
    chosen: 'responses',
  },
  {
    what: 'configuration, although the request would go elsewhere',
    model: withTools(false),
    request: TOOLS,
    override: 'chat_completions',
    chosen: 'chat_completions',
  },
  {
    what: 'a reasoning model elsewhere',
    model: reasoning,
    request: turns,
    openAI: false,
    chosen: 'chat_completions',
  },
  { what: 'a model without reasoning', model: plain, chosen: 'chat_completions' },
  { what: 'a model that nobody knows', model: unlisted, chosen: 'chat_completions' },
  { what: 'a reasoning model', model: reasoning, chosen: 'responses' },
  { what: 'sealed reasoning', model: reasoning, request: turns, chosen: 'responses' },
  {
    what: 'a summary of the reasoning',
    model: reasoning,
    request: { reasoningSummary: 'auto', seed: 1 },
    chosen: 'responses',
  },
  {
    what: 'a summary of what another model does not think',
    model: plain,
    request: { reasoningSummary: 'auto' },
    chosen: 'chat_completions',
  },
  {
    what: 'sealed reasoning of another model',
    model: plain,
    request: turns,
    chosen: 'chat_completions',
  },
  {
    what: 'sealed reasoning, whatever else the request has',
    model: reasoning,
    request: { ...turns, seed: 1 },
    chosen: 'responses',
  },
  {
    what: 'tools that work over both',
    model: withTools(true),
    request: { ...TOOLS, seed: 1 },
    chosen: 'chat_completions',
  },
  {
    what: 'tools that do not work over chat',
    model: withTools(false),
    request: { ...TOOLS, seed: 1 },
    chosen: 'responses',
  },
  {
    what: 'no tools, for a model whose tools do not work over chat',
    model: withTools(false),
    request: { tools: [], seed: 1 },
    chosen: 'chat_completions',
  },
  {
    what: 'tools beside an effort',
    model: withTools('without_reasoning', 'none'),
    request: { ...TOOLS, reasoningEffort: 'low', seed: 1 },
    chosen: 'responses',
  },
  {
    what: 'tools beside the effort none',
    model: withTools('without_reasoning', 'medium'),
    request: { ...TOOLS, reasoningEffort: 'none', seed: 1 },
    chosen: 'chat_completions',
  },
  {
    what: 'tools beside a default effort of none',
    model: withTools('without_reasoning', 'none'),
    request: { ...TOOLS, reasoningEffort: '', seed: 1 },
    chosen: 'chat_completions',
  },
  {
    what: 'tools beside a default effort that nobody knows',
    model: withTools('without_reasoning'),
    request: { ...TOOLS, seed: 1 },
    chosen: 'responses',
  },
  {
    what: 'names of participants',
    model: reasoning,
    request: named,
    chosen: 'chat_completions',
  },
  {
    what: 'a limit of the answer that both take',
    model: reasoning,
    request: { maxTokens: 16 },
    chosen: 'responses',
  },
  {
    what: 'parameters that are there and empty',
    model: reasoning,
    request: { stop: [], logitBias: {}, prediction: '' },
    chosen: 'responses',
  },
];

describe('chooseSurface', () => {
  it.each(CASES)('takes $chosen because of $what', ({ model, request, chosen, ...rest }) => {
    const { openAI = true, override } = rest;
    const options = { openAI, ...(override && { override }) };
    const whole = { messages: [{ role: 'user' as const, content: 'Hi' }], ...request };
    expect(chooseSurface(model, whole, options)).toBe(chosen);
  });

  it.each<Partial<MessageRequest>>([
    { frequencyPenalty: 0 },
    { presencePenalty: 1 },
    { stop: ['x'] },
    { seed: 0 },
    { logitBias: { 1: 5 } },
    { prediction: 'x' },
    { maxTokens: 15 },
  ])('takes chat for a reasoning model because of %j', (fields) => {
    const request = { messages: [], ...fields };
    expect(chooseSurface(reasoning, request, { openAI: true })).toBe('chat_completions');
  });
});

describe('what fitting a request refuses', () => {
  it.each(PARAMETERS.filter(isOnlyOnChat).map(({ path }) => path))(
    'is a reason for chat: %s',
    (path) => {
      const name = path.replace('request.', '').replace(/_(.)/g, (_, c) => c.toUpperCase());
      const request = { messages: [], [name]: 1 };
      expect(chooseSurface(reasoning, request, { openAI: true })).toBe('chat_completions');
    },
  );
});

/** Refused over Responses and not over Chat Completions, by a model that takes everything. */
function isOnlyOnChat({ problems }: Parameter): boolean {
  const request = { messages: [] };
  const refusedOver = (surface: Surface) =>
    problems.some((problem) => problem(request, { model: plain, surface }) !== undefined);
  return refusedOver('responses') && !refusedOver('chat_completions');
}
