import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Message } from '../../../src/core/message.ts';
import { codePoint } from '../../support/code-points.ts';
import { aCall } from '../../support/events.ts';
import {
  fieldsOf,
  inMessages,
  LONE_SURROGATE,
  refusalOf,
  result,
  turn,
  validate,
} from './refusals.ts';

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
        cache: { mode: 'use' },
        contextPolicy: 'truncate_middle',
        metadata: { user_id: 'u', ['k'.repeat(64)]: 'v'.repeat(512) },
      },
      { recovery: 'restart', firstTokenTimeoutMs: 1, idleTimeoutMs: 86_400_000 },
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
    });
    expect(error?.reason).toBe('INVALID_REQUEST');
    expect(error?.facts.fieldViolations?.map(({ field }) => field)).toEqual([
      'request.messages',
      'request.temperature',
      'request.tools[0].name',
    ]);
  });

  it('does not collect more than can be read', () => {
    const messages = Array.from({ length: 1_000 }, () => ({ role: 'user', content: '' }) as const);
    expect(inMessages(...messages)).toHaveLength(100);
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
      content: fc.string({ unit: codePoint }),
      name: fc.string({ unit: codePoint }),
      toolCallId: fc.string(),
    });
    const request = fc.record({
      messages: fc.array(message),
      temperature: fc.double(),
      seed: fc.double(),
      stop: fc.array(fc.string({ unit: codePoint })),
      tools: fc.array(
        fc.record({ name: fc.string(), inputSchema: fc.oneof(fc.json(), fc.string()) }),
      ),
      metadata: fc.dictionary(fc.string({ unit: codePoint }), fc.string({ unit: codePoint })),
    });
    fc.assert(
      fc.property(request, (value) => {
        for (const field of fieldsOf(value)) expect(field).toMatch(/^request\.[a-z_]+/);
      }),
    );
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
