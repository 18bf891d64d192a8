import { describe, expect, it } from '@jest/globals';
import type { Message, MessageRequest } from '../../../src/core/message.ts';
import type { Surface } from '../../../src/core/model.ts';
import { checkOpenAIRules } from '../../../src/request/fit/openai-rules.ts';
import { aModel } from '../../support/models.ts';

const HELLO: Message = { role: 'user', content: 'Hello' };

function refused(
  request: Partial<MessageRequest>,
  model = aModel(),
  surface: Surface = 'chat_completions',
  systemPrompt?: string,
): string[] {
  const refusals: string[] = [];
  const collect = {
    unsupported: (field: string, description: string) => {
      refusals.push(`${field} ${description}`);
    },
  };
  checkOpenAIRules({ messages: [HELLO], ...request }, { model, surface }, collect, systemPrompt);
  return refusals;
}

const turn = (id: string, name = 'add'): Message => ({
  role: 'assistant',
  content: '',
  toolCalls: [{ id, name, arguments: '{}' }],
});
const result = (toolCallId: string): Message => ({ role: 'tool', content: '3', toolCallId });
const ofTool = (schema: object) =>
  refused({ tools: [{ name: 'add', inputSchema: JSON.stringify(schema) }] });
const ofAnswer = (schema: string) =>
  refused({ responseFormat: { type: 'json_schema', name: 'out', schema } });

describe('checkOpenAIRules', () => {
  it('knows the tier that only the Responses API sells', () => {
    expect(refused({ serviceTier: 'ultrafast' })).toHaveLength(1);
    expect(refused({ serviceTier: 'ultrafast' }, aModel(), 'responses')).toEqual([]);
  });

  it('knows which models write the cache on request, and for how long over which API', () => {
    const standard = { input: '1', output: '2' };
    const priced = (prices: object) =>
      aModel({ prices: { currency: 'USD', history: [], standard: { ...standard, ...prices } } });
    const [old, current] = [priced({}), priced({ cacheWrite: '1.25' })];
    const asked = (ttl: string) => ({ promptCacheOptions: { mode: 'implicit', ttl } });
    expect(refused(asked('30m'), old)).toEqual([
      'request.prompt_cache_options is not taken by gpt-test: OpenAI has it from gpt-5.6 on',
    ]);
    expect(refused({ promptCacheOptions: {} }, old)).toEqual([]);
    expect(refused(asked('12h'), current)).toEqual([
      'request.prompt_cache_options.ttl must be 30m for OpenAI over Chat Completions',
    ]);
    expect(refused(asked('12h'), current, 'responses')).toEqual([]);
    expect(refused(asked('30m'), current)).toEqual([]);
    expect(refused(asked('30m'), aModel())).toEqual([]);
  });

  it("finds the word JSON in a profile's system prompt, too", () => {
    const request: Partial<MessageRequest> = { responseFormat: { type: 'json_object' } };
    expect(refused(request)).toHaveLength(1);
    expect(refused(request, aModel(), 'chat_completions', 'Answer in JSON.')).toEqual([]);
  });

  it('leaves schemas that are too deep to walk to the validation', () => {
    const inputSchema = `{"type":"object","properties":{"a":${'{"items":'.repeat(50_000)}{}${'}'.repeat(50_000)}}}`;
    expect(refused({ tools: [{ name: 'add', inputSchema }] })).toEqual([]);
  });

  it('takes what stands in a default for data', () => {
    const properties = { kind: { type: 'object', default: { type: 'array' } } };
    expect(ofTool({ type: 'object', properties })).toEqual([]);
    expect(ofTool({ type: 'object', properties: { list: { type: 'array' } } })).toHaveLength(1);
  });

  it('finds nothing wrong with a common request', () => {
    const inputSchema = '{"type":"object","properties":{"a":{"type":"array","items":{}}}}';
    const request: Partial<MessageRequest> = {
      messages: [HELLO, turn('a'), result('a'), turn('a', 'sub'), result('a'), HELLO],
      tools: [{ name: 'add', description: 'Adds', inputSchema }, { name: 'now' }],
      serviceTier: 'flex',
      promptCacheKey: 'k'.repeat(64),
      logitBias: { 200018: 1 },
      responseFormat: { type: 'json_schema', name: 'out', schema: inputSchema },
    };
    expect(refused(request)).toEqual([]);
    expect(refused({})).toEqual([]);
    expect(refused({ serviceTier: '', responseFormat: { type: 'text' } })).toEqual([]);
  });

  const object = { type: 'object', properties: {} };

  it.each<[string, object, string]>([
    ['is no object', { ...object, type: 'array' }, 'must have the type object'],
    [
      'has no properties',
      { type: 'object', $ref: '#/$defs/a' },
      'must have properties, if only {},',
    ],
    ['is a choice', { ...object, anyOf: [object] }, 'must not have anyOf at its top'],
    [
      'has an array of anything',
      { ...object, $defs: { a: { anyOf: [{ type: 'array' }] } } },
      'must say what the items of the array at /$defs/a/anyOf/0 are',
    ],
  ])('refuses the arguments of a function whose schema %s', (_, schema, expected) => {
    expect(ofTool(schema)).toEqual([`request.tools[0].input_schema ${expected} for OpenAI`]);
  });

  it.each([{}, { type: 'object' }, { properties: {} }])(
    'takes a schema that leaves out the usual: %j',
    (schema) => {
      expect(ofTool(schema)).toEqual([]);
    },
  );

  // OpenAI took 1,024 characters until the spring of 2025: OpenHands#10184, llama_index#18784.
  it('takes the descriptions of coding agents, which are long', () => {
    expect(refused({ tools: [{ name: 'bash', description: 'x'.repeat(36_000) }] })).toEqual([]);
  });

  it('refuses an answer that is no object', () => {
    expect(ofAnswer('{"type":"array"}')).toEqual([
      'request.response_format.json_schema.schema must have the type object for OpenAI',
    ]);
  });

  it('wants strict schemas to be strict, and tells all that is not', () => {
    const schema = '{"type":"object","properties":{"a":{"type":"string"}}}';
    const rules = [
      'must be strict for OpenAI: it must set additionalProperties to false',
      'must be strict for OpenAI: it must require "a"',
    ];
    const tool = { name: 'add', inputSchema: schema, strict: true };
    expect(refused({ tools: [tool] })).toEqual(
      rules.map((rule) => `request.tools[0].input_schema ${rule}`),
    );
    const format = { type: 'json_schema', name: 'out', schema, strict: true } as const;
    expect(refused({ responseFormat: format })).toEqual(
      rules.map((rule) => `request.response_format.json_schema.schema ${rule}`),
    );
    expect(refused({ tools: [{ ...tool, strict: false }] })).toEqual([]);
  });

  it('refuses images over plain HTTP', () => {
    const image = (uri: string): Message => ({ role: 'user', content: [{ type: 'image', uri }] });
    expect(refused({ messages: [image('https://a.b/c'), image('http://a.b/c')] })).toEqual([
      'request.messages[1].parts[0].image.uri must be an https: or a data: URI for OpenAI',
    ]);
  });

  // OpenAI's "Mutually exclusive parameters": 0xPlaygrounds/rig#1429.
  it('refuses a name beside the address of a file', () => {
    const file = (name: object): Message => ({
      role: 'user',
      content: [{ type: 'file', uri: 'https://a.b/c.pdf', ...name }],
    });
    expect(refused({ messages: [file({}), file({ name: 'c.pdf' })] })).toEqual([
      'request.messages[1].parts[0].file.name must not be set with uri for OpenAI',
    ]);
  });

  it.each(['{', '[]', '1'])('leaves the schema %s to the validation', (schema) => {
    expect(ofAnswer(schema)).toEqual([]);
  });

  it('wants the word JSON where it is to answer with some', () => {
    const json = { responseFormat: { type: 'json_object' } } as const;
    expect(refused(json)).toEqual([
      'request.response_format.json_object needs the word JSON in a message for OpenAI',
    ]);
    expect(refused({ ...json, messages: [{ role: 'system', content: 'As json!' }] })).toEqual([]);
    const image = { type: 'image', uri: 'https://example.com/json.png' } as const;
    const parts = (text: string): Message => ({
      role: 'user',
      content: [image, { type: 'text', text }],
    });
    expect(refused({ ...json, messages: [parts('As JSON.')] })).toEqual([]);
    expect(refused({ ...json, messages: [parts('As you like.')] })).toHaveLength(1);
  });

  it('refuses predictions beside what it does not predict with', () => {
    const beside = { tools: [{ name: 'add' }], presencePenalty: 1, frequencyPenalty: 1 };
    expect(refused({ prediction: 'x', maxTokens: 9, ...beside })).toEqual([
      'request.prediction cannot be combined with tools and presence_penalty and frequency_penalty for OpenAI',
    ]);
    const newer = aModel({ maxTokensField: 'max_completion_tokens' });
    expect(refused({ prediction: 'x', maxTokens: 9 }, newer)).toEqual([
      'request.prediction cannot be combined with max_tokens for OpenAI',
    ]);
    expect(refused({ prediction: 'x', tools: [], presencePenalty: -1 }, newer)).toEqual([]);
    expect(refused({ prediction: '', ...beside }, newer)).toEqual([]);
  });

  it('refuses what it does not sell, and keys that are too long', () => {
    expect(refused({ serviceTier: 'gold', promptCacheKey: 'k'.repeat(65) })).toEqual([
      expect.stringMatching(/^request\.service_tier must be one of auto, /),
      'request.prompt_cache_key must be at most 64 characters for OpenAI',
    ]);
  });

  it('refuses biases of tokens that the tokenizer does not have', () => {
    expect(refused({ logitBias: { 200019: 1 } })).toHaveLength(1);
    const old = aModel({ tokenizer: 'cl100k_base' });
    expect(refused({ logitBias: { 100277: 1 } }, old)).toHaveLength(1);
    expect(refused({ logitBias: { 100276: 1 } }, old)).toEqual([]);
  });

  it('leaves it to the request how calls of others are called', () => {
    const id = 'x'.repeat(65);
    expect(refused({ messages: [turn(id, 'a.b'), result(id)] })).toEqual([]);
  });

  it.each<[string, Message[]]>([
    ['come later', [turn('a'), HELLO, result('a')]],
    ['follow another turn', [turn('a'), turn('b'), result('a'), result('b')]],
  ])('refuses over Chat Completions calls whose results %s', (_, messages) => {
    expect(refused({ messages })).toContain(
      'request.messages[0].tool_calls must be answered by the messages right behind it for OpenAI over Chat Completions',
    );
    expect(refused({ messages }, aModel(), 'responses')).toEqual([]);
  });

  it('takes the results of one turn in any order', () => {
    const calls = ['a', 'b'].map((id) => ({ id, name: 'add', arguments: '{}' }));
    const both: Message = { role: 'assistant', content: '', toolCalls: calls };
    expect(refused({ messages: [both, result('b'), result('a')] })).toEqual([]);
  });
});
