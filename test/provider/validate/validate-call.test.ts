import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Call } from '../../../src/provider/call.ts';
import { ProviderError } from '../../../src/provider/errors.ts';
import type {
  ContentPart,
  Message,
  MessageRequest,
  ReasoningItem,
} from '../../../src/provider/message.ts';
import { validateCall } from '../../../src/provider/validate/validate-call.ts';
import { Violations } from '../../../src/provider/validate/violations.ts';
import { aCall } from '../../support/events.ts';

const HELLO: Message = { role: 'user', content: 'Hello' };
const ADD = { name: 'add' };
const LONE_SURROGATE = 'a\ud800';

function validate(request: Partial<MessageRequest>, fields: Partial<Call> = {}) {
  return refusalOf(aCall({ ...fields, request: { messages: [HELLO], ...request } }));
}

function refusalOf(call: Call): ProviderError | undefined {
  const violations = new Violations(call.violations);
  validateCall(violations, call, call.model);
  try {
    violations.throwIfAny(call.model);
  } catch (error) {
    if (error instanceof ProviderError) return error;
    throw error;
  }
  return undefined;
}

function fieldsOf(request: Partial<MessageRequest>, fields: Partial<Call> = {}) {
  return validate(request, fields)?.facts.fieldViolations?.map(({ field }) => field) ?? [];
}

/** The violations of a conversation, and of a message or part alone. */
const inMessages = (...messages: Message[]) => fieldsOf({ messages });
const inParts = (...content: ContentPart[]) => inMessages({ role: 'user', content });

const turn = (...ids: string[]): Message => ({
  role: 'assistant',
  content: '',
  toolCalls: ids.map((id) => ({ id, name: 'add', arguments: '{}' })),
});
const result = (toolCallId: string): Message => ({ role: 'tool', content: '3', toolCallId });

describe('validateCall', () => {
  it('finds nothing wrong with a request that uses everything', () => {
    const error = validate(
      {
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'developer', content: [{ type: 'text', text: 'Very.' }] },
          {
            role: 'user',
            name: 'Ärzte_1',
            content: [
              { type: 'text', text: 'What?' },
              { type: 'image', data: Uint8Array.of(1), mediaType: 'image/png', detail: 'high' },
              { type: 'image', uri: 'https://example.com/a.png' },
              { type: 'image', uri: 'data:image/gif;base64,AAAA' },
            ],
          },
          turn('call_1', 'call_2'),
          result('call_2'),
          result('call_1'),
          turn('call_1'),
          result('call_1'),
        ],
        maxTokens: 1,
        temperature: 2,
        topP: 0,
        frequencyPenalty: -2,
        presencePenalty: 2,
        stop: ['a', 'b', 'c', 'd'],
        seed: Number.MIN_SAFE_INTEGER,
        reasoningEffort: 'xhigh',
        tools: [{ name: 'add', description: 'Adds', inputSchema: '{"type":"object"}' }],
        toolChoice: { functionName: 'add' },
        parallelToolCalls: false,
        responseFormat: { type: 'json_schema', name: 'out', schema: '{}', description: 'd' },
        taskType: 'planning',
        serviceTier: 'flex',
        verbosity: 'low',
        promptCacheKey: 'k'.repeat(1024),
        promptCacheRetention: '24h',
        safetyIdentifier: 's'.repeat(64),
        logitBias: { '1': -100, '2': 100 },
        prediction: 'code',
        fallbackModels: [],
        cacheMode: 'use',
        contextPolicy: 'truncate_middle',
        metadata: { user_id: 'u', ['k'.repeat(64)]: 'v'.repeat(512) },
      },
      { firstTokenTimeoutMs: 1, idleTimeoutMs: 86_400_000 },
    );
    expect(error).toBeUndefined();
  });

  it('takes empty strings for absent ones', () => {
    expect(
      fieldsOf({ reasoningEffort: '', verbosity: '', promptCacheRetention: '', prediction: '' }),
    ).toEqual([]);
  });

  it('reports every violation at once, as INVALID_REQUEST', () => {
    const error = validate({
      messages: [],
      temperature: 2.1,
      tools: [{ name: 'a b' }],
      fallbackModels: ['gpt-x'],
    });
    expect(error?.reason).toBe('INVALID_REQUEST');
    expect(error?.facts.fieldViolations?.map(({ field }) => field)).toEqual([
      'request.messages',
      'request.temperature',
      'request.tools[0].name',
      'request.fallback_models',
    ]);
  });

  it('is UNSUPPORTED_PARAMETER if all fields are valid but not supported', () => {
    const error = validate({ fallbackModels: ['gpt-x'] });
    expect(error?.reason).toBe('UNSUPPORTED_PARAMETER');
    expect(error?.facts.fieldViolations).toEqual([
      { field: 'request.fallback_models', description: expect.stringMatching(/^needs /) },
    ]);
  });

  it('does not collect more than can be read', () => {
    const messages = Array.from({ length: 1_000 }, () => ({ role: 'user', content: '' }) as const);
    expect(inMessages(...messages)).toHaveLength(256);
  });

  it.each(['', 'x'.repeat(257), 'a\u0000', 'a\u0085', LONE_SURROGATE])(
    'refuses the model name %j',
    (model) => {
      expect(fieldsOf({}, { model })).toEqual(['request.model']);
    },
  );

  it.each([0, -1, 86_400_001, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses time-outs of %p ms',
    (ms) => {
      expect(fieldsOf({}, { firstTokenTimeoutMs: ms, idleTimeoutMs: ms })).toEqual([
        'options.first_token_timeout',
        'options.idle_timeout',
      ]);
    },
  );

  it('reads arbitrary requests without throwing', () => {
    const message = fc.record({
      role: fc.constantFrom('system', 'user', 'assistant', 'tool') as fc.Arbitrary<Message['role']>,
      content: fc.string({ unit: 'binary' }),
      name: fc.string({ unit: 'binary' }),
      toolCallId: fc.string(),
    });
    const request = fc.record({
      messages: fc.array(message),
      temperature: fc.double(),
      seed: fc.double(),
      stop: fc.array(fc.string({ unit: 'binary' })),
      tools: fc.array(
        fc.record({ name: fc.string(), inputSchema: fc.oneof(fc.json(), fc.string()) }),
      ),
      metadata: fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })),
    });
    fc.assert(
      fc.property(request, (value) => {
        for (const field of fieldsOf(value)) expect(field).toMatch(/^request\.[a-z_]+/);
      }),
    );
  });
});

describe('messages', () => {
  it('need content, except beside tool calls', () => {
    expect(inMessages({ role: 'user', content: '' })).toEqual(['request.messages[0].content']);
    expect(inMessages(HELLO, { role: 'user', content: [] })).toEqual([
      'request.messages[1].content',
    ]);
    expect(inMessages({ role: 'assistant', content: '', toolCalls: [] })).toEqual([
      'request.messages[0].content',
    ]);
  });

  it('need a known role', () => {
    const role = 'function' as Message['role'];
    expect(inMessages({ role, content: 'x' })).toEqual(['request.messages[0].role']);
  });

  it('must be well-formed', () => {
    expect(inMessages({ role: 'user', content: LONE_SURROGATE })).toEqual([
      'request.messages[0].content',
    ]);
    expect(inParts({ type: 'text', text: LONE_SURROGATE })).toEqual([
      'request.messages[0].parts[0].text',
    ]);
  });

  it.each([
    'a b',
    'a\tb',
    '<a',
    'a|b',
    'a\\b',
    'a/b',
    'b>',
    'x'.repeat(65),
    'a\u0000',
    LONE_SURROGATE,
  ])('refuse the name %j', (name) => {
    expect(inMessages({ ...HELLO, name })).toEqual(['request.messages[0].name']);
  });

  it('have no name if they are results', () => {
    expect(inMessages(turn('a'), { ...result('a'), name: 'add' })).toEqual([
      'request.messages[1].name',
    ]);
  });

  it('refuse empty texts and parts of unknown kinds', () => {
    const unknown = { type: 'audio' } as unknown as ContentPart;
    expect(inParts({ type: 'text', text: '' }, unknown)).toEqual([
      'request.messages[0].parts[0].text',
      'request.messages[0].parts[1]',
    ]);
  });
});

describe('images', () => {
  const data = Uint8Array.of(1);
  const image = 'request.messages[0].parts[0].image';

  it.each<[string, Omit<ContentPart & { type: 'image' }, 'type'>, string[]]>([
    ['no source', {}, [image]],
    ['two sources', { data, mediaType: 'image/png', uri: 'https://a.b/c' }, [image]],
    ['no bytes', { data: new Uint8Array(), mediaType: 'image/png' }, [`${image}.data`]],
    [
      'more than 20 MiB',
      { data: new Uint8Array(20 * 1024 * 1024 + 1), mediaType: 'image/png' },
      [`${image}.data`],
    ],
    ['no media type', { data }, [`${image}.media_type`]],
    ['another media type', { data, mediaType: 'image/svg+xml' }, [`${image}.media_type`]],
    [
      'a media type beside a URI',
      { uri: 'https://a.b/c', mediaType: 'image/png' },
      [`${image}.media_type`],
    ],
    ['an http URI', { uri: 'http://a.b/c' }, [`${image}.uri`]],
    ['a file URI', { uri: 'file:///etc/passwd' }, [`${image}.uri`]],
    ['no URI', { uri: '' }, [`${image}.uri`]],
    ['a broken URI', { uri: 'https://' }, [`${image}.uri`]],
    ['a URI that is not well-formed', { uri: `https://a.b/${LONE_SURROGATE}` }, [`${image}.uri`]],
    ['a data URI without base64', { uri: 'data:image/png,abc' }, [`${image}.uri`]],
    ['a data URI without data', { uri: 'data:image/png;base64,' }, [`${image}.uri`]],
    ['a data URI without a comma', { uri: 'data:image/png;base64' }, [`${image}.uri`]],
    [
      'a data URI of more than 20 MiB',
      { uri: `data:image/png;base64,${'A'.repeat(28 * 1024 * 1024)}` },
      [`${image}.uri`],
    ],
    ['an unknown detail', { uri: 'https://a.b/c', detail: 'max' as 'high' }, [`${image}.detail`]],
  ])('are refused with %s', (_, fields, expected) => {
    expect(inParts({ type: 'image', ...fields })).toEqual(expected);
  });

  it('are refused outside user messages', () => {
    const content = [{ type: 'image', uri: 'https://a.b/c' }] as const;
    expect(inMessages({ role: 'system', content })).toEqual([image]);
  });
});

describe('reasoning items', () => {
  const item = { id: 'rs_1', encryptedContent: 'gAAAA', summary: ['Adds.'] };
  const path = 'request.messages[0].reasoning_items';
  const inTurn = (...reasoningItems: ReasoningItem[]) =>
    inMessages({ role: 'assistant', content: '3', reasoningItems });

  it('are taken as the upstream gave them', () => {
    expect(inTurn(item, { ...item, summary: [] })).toEqual([]);
    expect(inTurn()).toEqual([]);
  });

  it('are only allowed in assistant messages', () => {
    expect(inMessages({ ...HELLO, reasoningItems: [item] })).toEqual([path]);
    expect(inMessages({ ...HELLO, reasoningItems: [] })).toEqual([]);
  });

  it.each<[string, Partial<ReasoningItem>, string]>([
    ['no id', { id: '' }, 'id'],
    ['an id with control characters', { id: 'a\n' }, 'id'],
    ['an id that is too long', { id: 'x'.repeat(257) }, 'id'],
    ['no content', { encryptedContent: '' }, 'encrypted_content'],
    ['broken content', { encryptedContent: LONE_SURROGATE }, 'encrypted_content'],
    ['huge content', { encryptedContent: 'x'.repeat(4_194_305) }, 'encrypted_content'],
    ['a broken summary', { summary: ['', LONE_SURROGATE] }, 'summary[1]'],
  ])('are refused with %s', (_, fields, field) => {
    expect(inTurn({ ...item, ...fields })).toEqual([`${path}[0].${field}`]);
  });

  it('are refused if there are more than 128 in a turn', () => {
    expect(inTurn(...Array.from({ length: 129 }, () => item))).toEqual([path]);
  });
});

describe('tool calls', () => {
  it('must all be answered', () => {
    expect(inMessages(turn('a', 'b'), result('a'))).toEqual([
      'request.messages[0].tool_calls[1].id',
    ]);
  });

  it('must differ while they are not answered', () => {
    expect(inMessages(turn('a', 'a'), result('a'))).toEqual([
      'request.messages[0].tool_calls[1].id',
    ]);
  });

  it('are only allowed in assistant messages', () => {
    expect(inMessages({ ...turn('a'), role: 'user', content: 'x' })).toEqual([
      'request.messages[0].tool_calls',
    ]);
  });

  it('need an id, a name and well-formed arguments', () => {
    const toolCalls = [
      { id: '', name: '', arguments: LONE_SURROGATE },
      { id: 'a\n', name: 'a\n', arguments: '' },
    ];
    const answered = [{ role: 'assistant', content: '', toolCalls }, result('a\n')] as const;
    expect(inMessages(...answered)).toEqual([
      'request.messages[0].tool_calls[0].id',
      'request.messages[0].tool_calls[0].name',
      'request.messages[0].tool_calls[0].arguments',
      'request.messages[0].tool_calls[1].id',
      'request.messages[0].tool_calls[1].name',
    ]);
  });

  it('have one result', () => {
    expect(inMessages(turn('a'), result('a'), result('a'))).toEqual([
      'request.messages[2].tool_call_id',
    ]);
  });

  it('must precede their results', () => {
    expect(inMessages(result('a'), turn('a'), result('a'))).toEqual([
      'request.messages[0].tool_call_id',
    ]);
    expect(inMessages({ role: 'tool', content: '3' })).toEqual([
      'request.messages[0].tool_call_id',
    ]);
    expect(inMessages({ ...HELLO, toolCallId: 'a' })).toEqual(['request.messages[0].tool_call_id']);
  });
});

describe('sampling', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, -2.1, 2.1])('refuses %p', (value) => {
    expect(
      fieldsOf({
        temperature: value,
        topP: value,
        frequencyPenalty: value,
        presencePenalty: value,
        maxTokens: value,
        seed: value,
        logitBias: { '7': value },
      }),
    ).toEqual([
      'request.temperature',
      'request.top_p',
      'request.frequency_penalty',
      'request.presence_penalty',
      'request.max_tokens',
      'request.seed',
      'request.logit_bias[7]',
    ]);
  });

  it('refuses counts that are none', () => {
    expect(fieldsOf({ maxTokens: 0 })).toEqual(['request.max_tokens']);
    expect(fieldsOf({ maxTokens: 2 ** 31 })).toEqual(['request.max_tokens']);
    expect(fieldsOf({ seed: 2 ** 53 })).toEqual(['request.seed']);
  });

  it('refuses empty, broken and too many stop strings', () => {
    expect(fieldsOf({ stop: ['', 'a', LONE_SURROGATE, 'b', 'c'] })).toEqual([
      'request.stop',
      'request.stop[0]',
      'request.stop[2]',
    ]);
  });

  it('refuses biases of what is no token', () => {
    expect(fieldsOf({ logitBias: { a: 1 } })).toEqual(['request.logit_bias']);
    expect(fieldsOf({ logitBias: { '-1': 1 } })).toEqual(['request.logit_bias']);
    expect(fieldsOf({ logitBias: { '1': 101 } })).toEqual(['request.logit_bias[1]']);
  });
});

describe('tools', () => {
  it.each(['', 'a b', 'ä', 'x'.repeat(65)])('refuse the name %j', (name) => {
    expect(fieldsOf({ tools: [{ name }] })).toEqual(['request.tools[0].name']);
  });

  it('must be unique and at most 128', () => {
    expect(fieldsOf({ tools: [ADD, ADD] })).toEqual(['request.tools[1].name']);
    const many = Array.from({ length: 129 }, (_, index) => ({ name: `f${index}` }));
    expect(fieldsOf({ tools: many })).toEqual(['request.tools']);
  });

  it.each([
    '{',
    '[]',
    'null',
    '"a"',
    '1',
    `{"a":${'['.repeat(200)}${']'.repeat(200)}}`,
    `{"a":"${LONE_SURROGATE}"}`,
  ])('refuse the schema %.20s', (inputSchema) => {
    expect(fieldsOf({ tools: [{ name: 'add', inputSchema }] })).toEqual([
      'request.tools[0].input_schema',
    ]);
    const schema = inputSchema;
    expect(fieldsOf({ responseFormat: { type: 'json_schema', name: 'out', schema } })).toEqual([
      'request.response_format.json_schema.schema',
    ]);
  });

  it('refuse a description that is not well-formed', () => {
    expect(fieldsOf({ tools: [{ name: 'add', description: LONE_SURROGATE }] })).toEqual([
      'request.tools[0].description',
    ]);
  });

  it('are needed by what chooses among them', () => {
    expect(fieldsOf({ toolChoice: 'required', parallelToolCalls: true })).toEqual([
      'request.parallel_tool_calls',
      'request.tool_choice.mode',
    ]);
    expect(fieldsOf({ tools: [ADD], toolChoice: { functionName: 'sub' } })).toEqual([
      'request.tool_choice.function_name',
    ]);
    expect(fieldsOf({ tools: [ADD], toolChoice: 'any' as 'auto' })).toEqual([
      'request.tool_choice.mode',
    ]);
    expect(fieldsOf({ toolChoice: 'auto' })).toEqual([]);
    expect(fieldsOf({ toolChoice: 'none' })).toEqual([]);
  });
});

describe('response format, service and metadata', () => {
  it('refuses malformed formats', () => {
    expect(
      fieldsOf({
        responseFormat: { type: 'json_schema', name: '', schema: '', description: LONE_SURROGATE },
      }),
    ).toEqual([
      'request.response_format.json_schema.name',
      'request.response_format.json_schema.schema',
      'request.response_format.json_schema.description',
    ]);
    expect(fieldsOf({ responseFormat: { type: 'xml' } as never })).toEqual([
      'request.response_format',
    ]);
    expect(fieldsOf({ responseFormat: { type: 'text' } })).toEqual([]);
  });

  it('refuses texts that are too long, by bytes', () => {
    expect(
      fieldsOf({
        reasoningEffort: 'x'.repeat(65),
        serviceTier: 'a\n',
        promptCacheKey: 'ä'.repeat(513),
        safetyIdentifier: 'ä'.repeat(33),
        verbosity: 'loud',
        promptCacheRetention: '1h',
        prediction: LONE_SURROGATE,
      }),
    ).toEqual([
      'request.reasoning_effort',
      'request.service_tier',
      'request.prompt_cache_key',
      'request.safety_identifier',
      'request.verbosity',
      'request.prompt_cache_retention',
      'request.prediction',
    ]);
    expect(fieldsOf({ safetyIdentifier: 'ä'.repeat(32) })).toEqual([]);
  });

  it('refuses metadata over its limits', () => {
    const many = Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`k${index}`, '']));
    expect(fieldsOf({ metadata: many })).toEqual(['request.metadata']);
    expect(fieldsOf({ metadata: { '': 'v' } })).toEqual(['request.metadata']);
    expect(fieldsOf({ metadata: { ['k'.repeat(65)]: 'v' } })).toEqual(['request.metadata']);
    expect(fieldsOf({ metadata: { 'a\n': 'v' } })).toEqual(['request.metadata']);
    expect(fieldsOf({ metadata: { a: 'ä'.repeat(257), b: LONE_SURROGATE } })).toEqual([
      'request.metadata[a]',
      'request.metadata[b]',
    ]);
  });

  it('refuses malformed fallback models', () => {
    expect(fieldsOf({ fallbackModels: [...'abcdefgh', 'a\n'] })).toEqual([
      'request.fallback_models',
      'request.fallback_models[8]',
      'request.fallback_models',
    ]);
  });
});

describe('fields that could not be read', () => {
  it('are refused together with the rest, without guesses about what stands beside them', () => {
    const violations = [{ field: 'request.messages[0].role', description: 'must be set' }];
    const error = refusalOf(
      aCall({
        violations,
        request: { messages: [{ role: 'user', content: '', toolCallId: 'x' }], temperature: 3 },
      }),
    );
    expect(error?.facts.fieldViolations?.map(({ field }) => field)).toEqual([
      'request.messages[0].role',
      'request.temperature',
    ]);
  });
});
