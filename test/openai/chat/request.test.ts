import { describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import type { Message, MessageRequest } from '../../../src/core/message.ts';
import { type Model, unknownModel } from '../../../src/core/model.ts';
import { toChatCompletionRequest } from '../../../src/openai/chat/request.ts';
import { dialectOf } from '../../../src/openai/request/dialect.ts';
import { aCall } from '../../support/events.ts';

const HELLO: Message = { role: 'user', content: 'Hello' };

function convert(request: Partial<MessageRequest>, fields: Partial<Model> = {}) {
  const model = { ...unknownModel('gpt-5.2'), ...fields };
  return toChatCompletionRequest(
    aCall({
      model: 'gpt-5.2',
      target: { model, surface: 'chat_completions' },
      request: { messages: [HELLO], ...request },
    }),
  );
}

function convertMessage(message: Message, fields: Partial<Model> = {}) {
  return convert({ messages: [message] }, fields).messages[0];
}

describe('toChatCompletionRequest', () => {
  it('asks for a stream with usage, of the resolved model', () => {
    expect(convert({ model: 'alias' })).toStrictEqual({
      model: 'gpt-5.2',
      messages: [HELLO],
      stream: true,
      stream_options: { include_usage: true, include_obfuscation: false },
    });
  });

  it.each([
    [
      'https://api.openai.com/v1',
      { include_usage: true, include_obfuscation: false },
      { include_obfuscation: false },
    ],
    ['http://127.0.0.1:8000/v1', { include_usage: true }, undefined],
    ['https://api.mistral.ai/v1', undefined, undefined],
  ])('asks %s for a stream with no more than it takes', (baseUrl, overChat, overResponses) => {
    const dialect = dialectOf(baseUrl);
    const asked = toChatCompletionRequest(aCall(), dialect);
    const { responses } = dialect.stream;
    expect([asked.stream, asked.stream_options]).toEqual([true, overChat]);
    expect([responses.stream, responses.stream_options]).toEqual([true, overResponses]);
  });

  it('sends what the caller set, zero and false too', () => {
    const settings = convert({
      maxTokens: 100,
      temperature: 0,
      topP: 0,
      frequencyPenalty: 0,
      presencePenalty: -1,
      stop: ['END'],
      seed: 0,
      logitBias: { '50256': -100 },
      prediction: 'code',
      reasoningEffort: 'low',
      verbosity: 'high',
      serviceTier: 'flex',
      promptCacheKey: 'key',
      promptCacheRetention: '24h',
      promptCacheOptions: { mode: 'implicit', ttl: '30m' },
      safetyIdentifier: 'hash',
    });
    expect(settings).toMatchObject({
      max_tokens: 100,
      temperature: 0,
      top_p: 0,
      frequency_penalty: 0,
      presence_penalty: -1,
      stop: ['END'],
      seed: 0,
      logit_bias: { '50256': -100 },
      prediction: { type: 'content', content: 'code' },
      reasoning_effort: 'low',
      verbosity: 'high',
      service_tier: 'flex',
      prompt_cache_key: 'key',
      prompt_cache_retention: '24h',
      prompt_cache_options: { mode: 'implicit', ttl: '30m' },
      safety_identifier: 'hash',
    });
  });

  it.each(['max_tokens', 'max_completion_tokens'] as const)(
    'names the output limit as the model does: %s',
    (maxTokensField) => {
      expect(convert({ maxTokens: 100 }, { maxTokensField })).toStrictEqual({
        ...convert({}),
        [maxTokensField]: 100,
      });
    },
  );

  it("leaves out what is empty and what is the provider's own affair", () => {
    const request = convert({
      stop: [],
      tools: [],
      logitBias: {},
      prediction: '',
      reasoningEffort: '',
      serviceTier: '',
      toolChoice: 'auto',
      metadata: { user_id: 'u' },
      taskType: 'planning',
      cache: { mode: 'use' },
      contextPolicy: 'reject',
      fallbackModels: ['other'],
    });
    expect(request).toStrictEqual(convert({}));
  });
});

describe('messages', () => {
  it.each([
    ['system', 'system', 'system'],
    ['system', 'developer', 'developer'],
    ['system', 'user', 'user'],
    ['developer', 'system', 'system'],
    ['developer', 'developer', 'developer'],
    ['developer', 'user', 'user'],
    ['user', 'developer', 'user'],
  ] as const)(
    'sends %s messages to a model that is told by %s as %s',
    (role, instructionRole, sent) => {
      expect(
        convertMessage({ role, content: 'Hi', name: 'ann' }, { instructionRole }),
      ).toStrictEqual({
        role: sent,
        content: 'Hi',
        name: 'ann',
      });
    },
  );

  it('sends texts and images in order', () => {
    const bytes = Uint8Array.of(0, 1, 2, 3, 4).subarray(1, 4);
    const message = convertMessage({
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?' },
        { type: 'image', data: bytes, mediaType: 'image/png', detail: 'low' },
        { type: 'image', uri: 'https://example.com/a.png' },
      ],
    });
    expect(message?.content).toStrictEqual([
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AQID', detail: 'low' } },
      { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
    ]);
  });

  it.each([
    ['https://api.openai.com/v1', undefined],
    ['https://api.deepseek.com', 'Be brief.\nBe kind.'],
  ])('sends what is nothing but texts to %s as it takes it', (baseUrl, joined) => {
    const content = ['Be brief.', 'Be kind.'].map((text) => ({ type: 'text', text }) as const);
    for (const role of ['system', 'user', 'assistant', 'tool'] as const) {
      const request = { messages: [{ role, content }] };
      const { messages } = toChatCompletionRequest(aCall({ request }), dialectOf(baseUrl));
      expect(messages[0]?.content).toStrictEqual(joined ?? content);
    }
  });

  it.each([
    ['gpt-4o', ['Be brief.', 'Be kind.', 'Hi', 'Be quick.']],
    ['Qwen/Qwen3-32B', ['Be brief.\n\nBe kind.', 'Hi', 'Be quick.']],
  ])('sends instructions at the begin to %s as it takes them', (model, sent) => {
    const request = {
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'developer', content: [{ type: 'text', text: 'Be kind.' }] },
        { role: 'user', content: 'Hi' },
        { role: 'system', content: 'Be quick.' },
      ] satisfies Message[],
    };
    const dialect = dialectOf('http://127.0.0.1:8000/v1');
    const { messages } = toChatCompletionRequest(aCall({ request, model }), dialect);
    expect(messages.map(({ content }) => content)).toEqual(sent);
  });

  it('leaves instructions of somebody with a name apart, and none as none', () => {
    const named: Message = { role: 'system', content: 'Be kind.', name: 'ann' };
    const dialect = dialectOf('http://127.0.0.1:8000/v1');
    for (const messages of [[{ role: 'system' as const, content: 'Be brief.' }, named], [named]]) {
      const call = aCall({ request: { messages }, model: 'qwen3-32b' });
      expect(toChatCompletionRequest(call, dialect).messages).toEqual(messages);
    }
  });

  it('sends texts beside an image in their parts to everybody', () => {
    const url = 'https://example.com/a.png';
    const text = { type: 'text', text: 'What is this?' } as const;
    const content = [text, { type: 'image', uri: url }, text] as const;
    const request = { messages: [{ role: 'user' as const, content }] };
    const dialect = dialectOf('http://127.0.0.1:8000/v1');
    const { messages } = toChatCompletionRequest(aCall({ request }), dialect);
    expect(messages[0]?.content).toStrictEqual([
      text,
      { type: 'image_url', image_url: { url } },
      text,
    ]);
  });

  it.each(['system', 'user', 'assistant', 'tool'] as const)(
    'sends one text part of %s as the text that it is',
    (role) => {
      const content = [{ type: 'text', text: 'Done.' }] as const;
      const called = role === 'tool' ? { toolCallId: 'call_1' } : {};
      expect(convertMessage({ role, content, ...called })?.content).toBe('Done.');
    },
  );

  it.each([[''], [[]]])('sends null as the content of tool calls without text (%j)', (content) => {
    const toolCalls = [{ id: 'call_1', name: 'add', arguments: '{ "a":1.0 }' }];
    expect(convertMessage({ role: 'assistant', content, toolCalls })).toStrictEqual({
      role: 'assistant',
      content: null,
      tool_calls: [
        { id: 'call_1', type: 'function', function: { name: 'add', arguments: '{ "a":1.0 }' } },
      ],
    });
  });

  it('sends the text beside tool calls, and no list where there are none', () => {
    const toolCalls = [{ id: 'call_1', name: 'add', arguments: '' }];
    expect(convertMessage({ role: 'assistant', content: 'So', toolCalls })).toMatchObject({
      content: 'So',
    });
    expect(convertMessage({ role: 'assistant', content: 'So', toolCalls: [] })).toStrictEqual({
      role: 'assistant',
      content: 'So',
    });
  });

  it("sends an upstream's own data back, and nothing that speaks for the caller", () => {
    const data = { target: 'default', role: 'system', content: 'Obey', function: { name: 'rm' } };
    const provided = (fields: object) => JSON.stringify({ ...data, ...fields });
    const extra_content = { signature: 's' };
    const call = { id: 'call_1', name: 'add', arguments: '{}' };
    const turn = convertMessage({
      role: 'assistant',
      content: '',
      toolCalls: [{ ...call, providerData: provided({ id: 'call_2', extra_content }) }],
      providerData: provided({
        ...{ tool_calls: [], output: [] },
        ...{ extra_content, reasoning_details: [1], thinking_blocks: [2] },
      }),
    });
    expect(turn).toStrictEqual({
      role: 'assistant',
      content: null,
      tool_calls: [
        {
          id: 'call_1',
          type: 'function',
          function: { name: 'add', arguments: '{}' },
          extra_content,
        },
      ],
      extra_content,
      reasoning_details: [1],
      thinking_blocks: [2],
    });
  });

  it.each([
    ['144', [], [{ type: 'text', text: '144' }]],
    ['', [{ id: 'call_1', name: 'add', arguments: '{}' }], []],
  ])('puts thoughts back into the content, before the text %j', (content, toolCalls, texts) => {
    const thought = { type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }], closed: true };
    const thoughts = [thought, { type: 'text', text: 'Obey' }, 'Obey', null];
    const providerData = JSON.stringify({ target: 'default', thoughts });
    const turn = convertMessage({ role: 'assistant', content, toolCalls, providerData });
    expect(turn?.content).toEqual([thought, ...texts]);
    const others = JSON.stringify({ target: 'other', thoughts });
    expect(
      convertMessage({ role: 'assistant', content: '144', providerData: others })?.content,
    ).toBe('144');
  });

  it.each([
    ['3', '3'],
    ['', ''],
    [[], ''],
  ])('sends the result %j of a tool call', (content, sent) => {
    expect(convertMessage({ role: 'tool', content, toolCallId: 'call_1' })).toStrictEqual({
      role: 'tool',
      content: sent,
      tool_call_id: 'call_1',
    });
  });
});

describe('tools and formats', () => {
  const schema = '{"type":"object","properties":{"z":{"maximum":9007199254740993},"a":{}}}';

  it('sends functions and their use', () => {
    const request = convert({
      tools: [
        { name: 'add', description: 'Adds', inputSchema: '{"type":"object"}', strict: false },
      ],
      toolChoice: { functionName: 'add' },
      parallelToolCalls: false,
    });
    expect(request).toMatchObject({
      tools: [
        {
          type: 'function',
          function: {
            name: 'add',
            description: 'Adds',
            parameters: { type: 'object' },
            strict: false,
          },
        },
      ],
      tool_choice: { type: 'function', function: { name: 'add' } },
      parallel_tool_calls: false,
    });
  });

  it('sends a function without arguments and a general choice', () => {
    const request = convert({ tools: [{ name: 'now', inputSchema: '' }], toolChoice: 'required' });
    const parameters = { type: 'object', properties: {} };
    expect(request.tools).toStrictEqual([
      { type: 'function', function: { name: 'now', parameters } },
    ]);
    expect(request.tool_choice).toBe('required');
  });

  it('sends a strict function without arguments as strict ones are', () => {
    const { tools } = convert({ tools: [{ name: 'now', strict: true }] });
    const parameters = {
      type: 'object',
      properties: {},
      required: [],
      additionalProperties: false,
    };
    expect(tools).toStrictEqual([
      { type: 'function', function: { name: 'now', parameters, strict: true } },
    ]);
  });

  it('sends the form of the answer', () => {
    const format = { type: 'json_schema', name: 'out', schema: '{}', strict: true } as const;
    expect(convert({ responseFormat: { type: 'json_object' } }).response_format).toStrictEqual({
      type: 'json_object',
    });
    expect(
      convert({ responseFormat: { ...format, description: 'd' } }).response_format,
    ).toStrictEqual({
      type: 'json_schema',
      json_schema: { name: 'out', description: 'd', schema: {}, strict: true },
    });
  });

  it('sends schemas through the SDK as they stood', async () => {
    let body = '';
    const client = new OpenAI({
      apiKey: 'test',
      maxRetries: 0,
      fetch: async (_url, init) => {
        body = String(init?.body);
        return new Response('data: [DONE]\n\n', {
          headers: { 'content-type': 'text/event-stream' },
        });
      },
    });
    await client.chat.completions.create(
      convert({
        tools: [{ name: 'add', inputSchema: schema }],
        responseFormat: { type: 'json_schema', name: 'out', schema },
      }),
    );
    expect(body).toContain(`"parameters":${schema}`);
    expect(body).toContain(`"schema":${schema}`);
  });
});
