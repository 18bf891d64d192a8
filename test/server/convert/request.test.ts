import { describe, expect, it } from '@jest/globals';
import * as wire from '../../../src/gen/tamma/provider/v1/message.ts';
import { fromWireRequest as convert } from '../../../src/server/convert/request.ts';
import { WireViolations } from '../../../src/server/convert/violations.ts';

/** A request without any field set, as the decoder leaves it. */
function request(fields: Partial<wire.MessageRequest> = {}): wire.MessageRequest {
  return { ...wire.MessageRequest.decode(new Uint8Array()), ...fields };
}

function message(fields: Partial<wire.Message> = {}): wire.Message {
  return { ...wire.Message.decode(new Uint8Array()), role: wire.Role.USER, ...fields };
}

function image(fields: Partial<wire.Image>): wire.ContentPart {
  const value = { ...wire.Image.decode(new Uint8Array()), ...fields };
  return { part: { $case: 'image', value } };
}

const textPart = (value: string): wire.ContentPart => ({ part: { $case: 'text', value } });

/** An enum number that this version does not know, as the decoder lets it through. */
const unknown = (): never => 99 as never;

function violationsOf(bad: wire.MessageRequest | undefined): readonly (readonly string[])[] {
  const violations = new WireViolations();
  convert(bad, violations);
  return violations.found.map((v) => [v.field, v.description]);
}

const fromWireRequest = (good: wire.MessageRequest) => convert(good, new WireViolations());

describe('fromWireRequest', () => {
  it('leaves out what is empty', () => {
    expect(fromWireRequest(request())).toStrictEqual({ messages: [] });
  });

  it('keeps an explicit zero, and false', () => {
    const zero = {
      maxTokens: 0,
      temperature: 0,
      topP: 0,
      frequencyPenalty: 0,
      presencePenalty: 0,
      parallelToolCalls: false,
    };
    const converted = fromWireRequest(request({ ...zero, seed: 0n }));
    expect(converted).toStrictEqual({ messages: [], ...zero, seed: 0 });
  });

  it('carries every field', () => {
    const strings = {
      model: 'gpt-5',
      reasoningEffort: 'low',
      serviceTier: 'flex',
      verbosity: 'high',
      promptCacheKey: 'key',
      promptCacheRetention: '24h',
      safetyIdentifier: 'hash',
      prediction: 'text',
      fallbackModels: ['a', 'b'],
      stop: ['END'],
    };
    const converted = fromWireRequest(
      request({
        ...strings,
        seed: -(2n ** 53n) + 1n,
        messages: [message({ content: 'hi' })],
        logitBias: { 50256: -100 },
        taskType: wire.TaskType.CODE_REVIEW,
        cache: { mode: wire.CacheMode.REFRESH, ttl: { seconds: 60n, nanos: 0 }, coalesce: false },
        contextPolicy: wire.ContextPolicy.TRUNCATE_MIDDLE,
        metadata: { user_id: 'u' },
      }),
    );
    expect(converted).toEqual({
      ...strings,
      seed: Number.MIN_SAFE_INTEGER,
      messages: [{ role: 'user', content: 'hi' }],
      logitBias: { 50256: -100 },
      taskType: 'code_review',
      cache: { mode: 'refresh', ttlMs: 60_000, coalesce: false },
      contextPolicy: 'truncate_middle',
      metadata: { user_id: 'u' },
    });
  });

  it('reads tools and leaves out what they do not say', () => {
    const g = { name: 'g', description: 'does g', inputSchema: '{"type":"object"}', strict: false };
    const tools = [
      { name: 'f', description: '', inputSchema: '', custom: undefined },
      { ...g, custom: undefined },
    ];
    expect(fromWireRequest(request({ tools })).tools).toStrictEqual([{ name: 'f' }, g]);
  });

  it('reads both kinds of tool choice', () => {
    const mode = { $case: 'mode', value: wire.ToolChoiceMode.REQUIRED } as const;
    const named = { $case: 'functionName', value: 'f' } as const;
    expect(fromWireRequest(request({ toolChoice: { choice: mode } })).toolChoice).toBe('required');
    expect(fromWireRequest(request({ toolChoice: { choice: named } })).toolChoice).toStrictEqual({
      functionName: 'f',
    });
  });

  it.each<[NonNullable<wire.ResponseFormat['format']>, object]>([
    [{ $case: 'text', value: {} }, { type: 'text' }],
    [{ $case: 'jsonObject', value: {} }, { type: 'json_object' }],
    [
      { $case: 'jsonSchema', value: { name: 'n', schema: '{}', description: '' } },
      { type: 'json_schema', name: 'n', schema: '{}' },
    ],
    [
      { $case: 'jsonSchema', value: { name: 'n', schema: '{}', strict: false, description: 'd' } },
      { type: 'json_schema', name: 'n', schema: '{}', strict: false, description: 'd' },
    ],
  ])('reads the response format %j', (format, expected) => {
    const converted = fromWireRequest(request({ responseFormat: { format } }));
    expect(converted.responseFormat).toStrictEqual(expected);
  });

  it.each(['__proto__', 'constructor', 'toString'])('takes the metadata key %s as a key', (key) => {
    const metadata: Record<string, string> = Object.fromEntries([[key, 'value']]);
    const converted = fromWireRequest(request({ metadata })).metadata ?? {};
    expect(Object.entries(converted)).toEqual([[key, 'value']]);
    expect(Object.getPrototypeOf(converted)).toBeNull();
  });
});

describe('messages', () => {
  const convert = (fields: Partial<wire.Message>) =>
    fromWireRequest(request({ messages: [message(fields)] })).messages[0];

  it('keep the order of parts and leave out what images do not say', () => {
    const data = Buffer.from([1, 2, 3]);
    const parts = [
      textPart('look'),
      image({ source: { $case: 'data', value: data }, mediaType: 'image/png' }),
      image({ source: { $case: 'uri', value: 'https://x/y' }, detail: wire.ImageDetail.HIGH }),
      image({ source: { $case: 'uri', value: 'https://x/z' }, detail: wire.ImageDetail.ORIGINAL }),
    ];
    expect(convert({ parts })).toStrictEqual({
      role: 'user',
      content: [
        { type: 'text', text: 'look' },
        { type: 'image', data, mediaType: 'image/png' },
        { type: 'image', uri: 'https://x/y', detail: 'high' },
        { type: 'image', uri: 'https://x/z', detail: 'original' },
      ],
    });
  });

  it('keep tool calls, their results and names', () => {
    const toolCalls = [{ id: 'c1', name: 'f', arguments: '{"n": 1.0}' }];
    const kind = wire.ToolKind.UNSPECIFIED;
    const onWire = toolCalls.map((call) => ({ ...call, kind, providerData: '' }));
    expect(convert({ role: wire.Role.ASSISTANT, toolCalls: onWire })).toStrictEqual({
      role: 'assistant',
      content: '',
      toolCalls,
    });
    expect(convert({ role: wire.Role.TOOL, content: '4', toolCallId: 'c1' })).toStrictEqual({
      role: 'tool',
      content: '4',
      toolCallId: 'c1',
    });
    expect(convert({ name: 'ann' })).toStrictEqual({ role: 'user', content: '', name: 'ann' });
  });
});

describe('violations', () => {
  it('name a missing request', () => {
    expect(violationsOf(undefined)).toEqual([['request', 'must be set']]);
  });

  it.each([[2n ** 53n], [-(2n ** 53n)], [2n ** 63n - 1n]])(
    'name the seed %p, which JSON cannot carry exactly',
    (seed) => {
      expect(violationsOf(request({ seed }))).toEqual([
        ['request.seed', 'must be between -(2^53-1) and 2^53-1'],
      ]);
    },
  );

  it('are not made of fields that only the pipeline can judge', () => {
    const odd = request({ temperature: 99, maxTokens: -1, model: ' ', stop: ['', ''] });
    expect(violationsOf(odd)).toEqual([]);
  });

  it('name every bad field at once', () => {
    const bad = request({
      messages: [
        message({ role: wire.Role.UNSPECIFIED }),
        message({ role: unknown() }),
        message({ content: 'both', parts: [textPart('x'), { part: undefined }] }),
        message({ parts: [textPart('x'), image({ source: undefined, detail: unknown() })] }),
      ],
      seed: 2n ** 60n,
      toolChoice: { choice: undefined },
      responseFormat: { format: undefined },
      taskType: unknown(),
      cache: { mode: unknown(), ttl: undefined },
      contextPolicy: unknown(),
    });
    expect(violationsOf(bad)).toEqual([
      ['request.messages[0].role', 'must be set'],
      ['request.messages[1].role', 'has the unknown value 99'],
      ['request.messages[2].parts[1]', 'must be text, an image or a file'],
      ['request.messages[2].parts', 'must be empty if content is set'],
      ['request.messages[3].parts[1].image.detail', 'has the unknown value 99'],
      ['request.messages[3].parts[1].image.source', 'must be data or a uri'],
      ['request.seed', 'must be between -(2^53-1) and 2^53-1'],
      ['request.tool_choice', 'must be a mode, a function_name, allowed, a custom_name or hosted'],
      ['request.response_format', 'must be text, json_object or json_schema'],
      ['request.task_type', 'has the unknown value 99'],
      ['request.cache.mode', 'has the unknown value 99'],
      ['request.context_policy', 'has the unknown value 99'],
    ]);
  });

  it.each([
    [wire.ToolChoiceMode.UNSPECIFIED, 'must be set'],
    [unknown(), 'has the unknown value 99'],
  ])('name the tool choice mode %p', (value, description) => {
    const toolChoice: wire.ToolChoice = { choice: { $case: 'mode', value } };
    expect(violationsOf(request({ toolChoice }))).toEqual([
      ['request.tool_choice.mode', description],
    ]);
  });
});
