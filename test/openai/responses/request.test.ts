import { describe, expect, it } from '@jest/globals';
import type { Call } from '../../../src/core/call.ts';
import type { Message, MessageRequest } from '../../../src/core/message.ts';
import { type Model, unknownModel } from '../../../src/core/model.ts';
import { DEFAULT_UPSTREAM } from '../../../src/core/route.ts';
import { toResponsesRequest } from '../../../src/openai/responses/request.ts';
import { aCall } from '../../support/events.ts';

function callFor(request: Partial<MessageRequest>, model: Partial<Model> = {}): Call {
  return aCall({
    request: { messages: [{ role: 'user', content: 'Hi' }], ...request },
    target: { model: { ...unknownModel('gpt-test'), ...model }, surface: 'responses' },
  });
}

/** As it goes over the wire. */
function bodyOf(request: Partial<MessageRequest>, model: Partial<Model> = {}) {
  return JSON.parse(JSON.stringify(toResponsesRequest(callFor(request, model))));
}

function inputOf(messages: readonly Message[], model: Partial<Model> = {}) {
  return bodyOf({ messages }, model).input;
}

const SCHEMA = '{"type":"object","properties":{"b":{"maximum":9007199254740993},"a":{}}}';
const REASONING: Partial<Model> = { reasoning: { isReasoning: true, efforts: [] } };

describe('toResponsesRequest', () => {
  it('leaves out what the caller left out', () => {
    expect(bodyOf({})).toEqual({
      model: 'gpt-test',
      input: [{ type: 'message', role: 'user', content: 'Hi' }],
      stream: true,
      stream_options: { include_obfuscation: false },
      store: false,
    });
  });

  it('asks a reasoning model for its sealed reasoning', () => {
    expect(bodyOf({}, REASONING)).toMatchObject({
      store: false,
      include: ['reasoning.encrypted_content'],
    });
  });

  it('puts every parameter where the API has it', () => {
    const { input, ...body } = bodyOf({
      maxTokens: 100,
      temperature: 0,
      topP: 0.5,
      reasoningEffort: 'low',
      verbosity: 'high',
      serviceTier: 'flex',
      promptCacheKey: 'key',
      promptCacheRetention: '24h',
      promptCacheOptions: { mode: 'implicit', ttl: '30m' },
      safetyIdentifier: 'user-1',
      responseFormat: { type: 'json_object' },
      parallelToolCalls: false,
      toolChoice: { functionName: 'f' },
      tools: [{ name: 'f' }],
      metadata: { traceId: 't' },
      taskType: 'planning',
    });
    expect(body).toEqual({
      model: 'gpt-test',
      stream: true,
      stream_options: { include_obfuscation: false },
      store: false,
      max_output_tokens: 100,
      temperature: 0,
      top_p: 0.5,
      reasoning: { effort: 'low' },
      text: { format: { type: 'json_object' }, verbosity: 'high' },
      service_tier: 'flex',
      prompt_cache_key: 'key',
      prompt_cache_retention: '24h',
      prompt_cache_options: { mode: 'implicit', ttl: '30m' },
      safety_identifier: 'user-1',
      parallel_tool_calls: false,
      tool_choice: { type: 'function', name: 'f' },
      tools: [
        {
          type: 'function',
          name: 'f',
          parameters: { type: 'object', properties: {}, required: [], additionalProperties: false },
          strict: false,
        },
      ],
    });
  });

  it.each(['auto', 'none', 'required'] as const)('passes the tool choice %s on', (toolChoice) => {
    expect(bodyOf({ tools: [{ name: 'f' }], toolChoice })).toMatchObject({
      tool_choice: toolChoice,
    });
  });

  it('says nothing of the use of tools where there are none', () => {
    const body = bodyOf({ tools: [], toolChoice: 'none', parallelToolCalls: true });
    expect(Object.keys(body).filter((name) => name.includes('tool'))).toEqual([]);
  });

  it.each([
    [undefined, false],
    [false, false],
    [true, true],
  ])('means by strict: %s what Chat Completions means', (strict, sent) => {
    const given = strict === undefined ? {} : { strict };
    const body = bodyOf({
      tools: [{ name: 'f', inputSchema: '{"type":"object"}', ...given }],
      responseFormat: { type: 'json_schema', name: 'n', schema: '{}', ...given },
    });
    expect(body.tools[0].strict).toBe(sent);
    expect(body.text.format.strict).toBe(sent);
  });

  it('sends schemas as they were written', () => {
    const request = callFor({
      tools: [{ name: 'f', description: 'does f', inputSchema: SCHEMA }],
      responseFormat: { type: 'json_schema', name: 'n', schema: SCHEMA, description: 'the n' },
    });
    const body = JSON.stringify(toResponsesRequest(request));
    expect(body).toContain(
      `{"type":"function","name":"f","description":"does f","parameters":${SCHEMA},"strict":false}`,
    );
    expect(body).toContain(
      `{"type":"json_schema","name":"n","description":"the n","schema":${SCHEMA},"strict":false}`,
    );
  });

  it('asks for plain text if told to', () => {
    expect(bodyOf({ responseFormat: { type: 'text' } }).text).toEqual({ format: { type: 'text' } });
  });
});

describe('the items of a turn', () => {
  it('keep instructions in their place, in the role that the model takes', () => {
    const messages: readonly Message[] = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
      { role: 'developer', content: [{ type: 'text', text: 'Be kind.' }] },
    ];
    expect(inputOf(messages, { instructionRole: 'developer' })).toEqual([
      { type: 'message', role: 'developer', content: 'Be brief.' },
      { type: 'message', role: 'user', content: 'Hi' },
      {
        type: 'message',
        role: 'developer',
        content: [{ type: 'input_text', text: 'Be kind.' }],
      },
    ]);
  });

  it('have text and images of a user in order', () => {
    const content = [
      { type: 'text', text: 'What is' },
      { type: 'image', data: Uint8Array.of(1, 2, 3), mediaType: 'image/png', detail: 'original' },
      { type: 'image', uri: 'https://example.com/a.png' },
    ] as const;
    expect(inputOf([{ role: 'user', content }])).toEqual([
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_text', text: 'What is' },
          { type: 'input_image', image_url: 'data:image/png;base64,AQID', detail: 'original' },
          { type: 'input_image', image_url: 'https://example.com/a.png', detail: 'auto' },
        ],
      },
    ]);
  });

  it('put reasoning first, then the text, then the calls and their results', () => {
    const args = '{"city" : "Köln", "n": 12345678901234567890}';
    const messages: readonly Message[] = [
      {
        role: 'assistant',
        content: [{ type: 'text', text: 'Let me look.' }],
        toolCalls: [
          { id: 'call_a', name: 'look', arguments: args },
          { id: 'call_b', name: 'see', arguments: '' },
        ],
        reasoningItems: [
          { id: 'rs_1', encryptedContent: 'opaque=', summary: ['First.', 'Second.'] },
          { id: 'rs_2', encryptedContent: 'more', summary: [] },
        ],
      },
      { role: 'tool', toolCallId: 'call_a', content: 'sunny' },
      { role: 'tool', toolCallId: 'call_b', content: [{ type: 'text', text: 'nothing' }] },
    ];
    expect(inputOf(messages)).toEqual([
      {
        type: 'reasoning',
        id: 'rs_1',
        encrypted_content: 'opaque=',
        summary: [
          { type: 'summary_text', text: 'First.' },
          { type: 'summary_text', text: 'Second.' },
        ],
      },
      { type: 'reasoning', id: 'rs_2', encrypted_content: 'more', summary: [] },
      {
        type: 'message',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'Let me look.' }],
      },
      { type: 'function_call', call_id: 'call_a', name: 'look', arguments: args },
      { type: 'function_call', call_id: 'call_b', name: 'see', arguments: '{}' },
      { type: 'function_call_output', call_id: 'call_a', output: 'sunny' },
      {
        type: 'function_call_output',
        call_id: 'call_b',
        output: [{ type: 'input_text', text: 'nothing' }],
      },
    ]);
  });

  it('have no message where a turn is calls alone', () => {
    const toolCalls = [{ id: 'a', name: 'f', arguments: '{}' }];
    expect(inputOf([{ role: 'assistant', content: '', toolCalls }])).toEqual([
      { type: 'function_call', call_id: 'a', name: 'f', arguments: '{}' },
    ]);
  });

  it('have an empty text where there are no parts', () => {
    const messages: readonly Message[] = [
      { role: 'assistant', content: [], toolCalls: [] },
      { role: 'tool', toolCallId: 'a', content: [] },
    ];
    expect(inputOf(messages)).toEqual([
      { type: 'message', role: 'assistant', content: '' },
      { type: 'function_call_output', call_id: 'a', output: '' },
    ]);
  });

  it('have something behind reasoning that led to nothing', () => {
    const reasoningItems = [{ id: 'rs_1', encryptedContent: 'x', summary: [] }];
    expect(inputOf([{ role: 'assistant', content: '', reasoningItems }])).toEqual([
      { type: 'reasoning', id: 'rs_1', encrypted_content: 'x', summary: [] },
      { type: 'message', role: 'assistant', content: '' },
    ]);
  });

  it('leave out an id of what is sealed that is longer than the API takes', () => {
    const sealed = { id: 'r'.repeat(65), encryptedContent: 'x', summary: [] };
    const compacted = { ...sealed, id: 'c'.repeat(65), type: 'compaction' };
    const reasoningItems = [compacted, sealed];
    expect(inputOf([{ role: 'assistant', content: 'Hi', reasoningItems }])).toEqual([
      { type: 'compaction', encrypted_content: 'x' },
      { type: 'reasoning', encrypted_content: 'x', summary: [] },
      { type: 'message', role: 'assistant', content: 'Hi' },
    ]);
  });

  it('have something behind thoughts that came last', () => {
    const reasoningItems = ['rs_1', 'rs_2'].map((id) => ({
      id,
      encryptedContent: 'x',
      summary: [],
    }));
    const toolCalls = [{ id: 'a', name: 'f', arguments: '{}' }];
    const output = ['reasoning rs_1', 'call a', 'reasoning rs_2'];
    const providerData = JSON.stringify({ target: DEFAULT_UPSTREAM, output });
    const turn: Message = {
      role: 'assistant',
      content: '',
      toolCalls,
      reasoningItems,
      providerData,
    };
    const items = inputOf([turn, { role: 'tool', toolCallId: 'a', content: '' }]);
    expect(items).toEqual([
      expect.objectContaining({ id: 'rs_1' }),
      expect.objectContaining({ call_id: 'a' }),
      expect.objectContaining({ id: 'rs_2' }),
      { type: 'message', role: 'assistant', content: '' },
      expect.objectContaining({ type: 'function_call_output' }),
    ]);
  });
});
