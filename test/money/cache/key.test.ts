import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Call } from '../../../src/core/call.ts';
import type { MessageRequest } from '../../../src/core/message.ts';
import { MessageRequest as WireRequest } from '../../../src/gen/tamma/provider/v1/message.ts';
import { cacheKey, DECIDING, INDIFFERENT } from '../../../src/money/cache/key.ts';
import { aCall } from '../../support/events.ts';

type Field = keyof MessageRequest;

const text = fc.string({ minLength: 1 });
const number = fc.double({ min: -2, max: 2, noNaN: true });
const count = fc.integer({ min: 1, max: 10_000 });
const schema = fc
  .dictionary(text, fc.integer(), { noNullPrototype: true })
  .map((properties) => JSON.stringify({ type: 'object', properties }));

/** Values of every field, none of them the default. A field that is added needs a line here. */
const VALUES: { readonly [F in Field]-?: fc.Arbitrary<NonNullable<MessageRequest[F]>> } = {
  messages: fc.array(
    fc.oneof(
      fc.record({ role: fc.constantFrom('user' as const, 'system' as const), content: text }),
      fc.record({
        role: fc.constant('user' as const),
        content: fc.array(
          fc.oneof(
            fc.record({ type: fc.constant('text' as const), text }),
            fc.record({
              type: fc.constant('image' as const),
              data: fc.uint8Array({ minLength: 1 }),
              mediaType: fc.constant('image/png'),
            }),
          ),
          { minLength: 1 },
        ),
      }),
      fc.record({
        role: fc.constant('assistant' as const),
        content: text,
        toolCalls: fc.array(fc.record({ id: text, name: text, arguments: schema })),
        reasoning: text,
      }),
    ),
    { minLength: 1 },
  ),
  model: text,
  maxTokens: count,
  temperature: number,
  topP: number,
  frequencyPenalty: number.filter((value) => value !== 0),
  presencePenalty: number.filter((value) => value !== 0),
  stop: fc.array(text, { minLength: 1 }),
  seed: fc.maxSafeInteger(),
  reasoningEffort: text,
  reasoningSummary: text,
  tools: fc.array(fc.record({ name: text, description: text, inputSchema: schema }), {
    minLength: 1,
  }),
  hostedTools: fc.array(fc.record({ type: fc.constant('mcp' as const), server: text }), {
    minLength: 1,
  }),
  maxToolCalls: count,
  toolChoice: fc.record({ functionName: text }),
  parallelToolCalls: fc.boolean(),
  responseFormat: fc.record({ type: fc.constant('json_schema' as const), name: text, schema }),
  taskType: fc.constantFrom('reasoning' as const, 'analysis' as const),
  serviceTier: text,
  verbosity: text,
  promptCacheKey: text,
  promptCacheRetention: text,
  promptCacheOptions: fc.record({ mode: text }),
  safetyIdentifier: text,
  logitBias: fc.dictionary(fc.nat().map(String), fc.integer(), {
    minKeys: 1,
    noNullPrototype: true,
  }),
  prediction: text,
  fallbackModels: fc.array(text),
  cache: fc.record({ ttlMs: count }),
  contextPolicy: fc.constantFrom('reject' as const, 'truncate_oldest' as const),
  metadata: fc.record({ issueId: text }),
  idempotencyKey: text,
};

/** With any of the fields, set to anything. */
const requests = fc.record(VALUES, { requiredKeys: ['messages'] });

/** What prepare makes of a request: the model that is asked stands in the call. */
const called = (request: object, fields: Partial<Call> = {}): Call =>
  aCall({
    request: request as MessageRequest,
    model: (request as MessageRequest).model ?? 'gpt-test',
    ...fields,
  });
const endpointOf = (upstream: string) => `https://${upstream}.test/v1`;
const keyOf = (request: object, fields?: Partial<Call>) =>
  cacheKey(called(request, fields), { share: 'project', endpointOf });

/** Of the policies, one does. */
const ALWAYS_DECIDING = DECIDING.filter((field) => field !== 'contextPolicy');

describe('the key of a call', () => {
  it('knows of each field of the contract whether it decides the answer', () => {
    const ofTheContract = Object.keys(WireRequest.decode(new Uint8Array())).sort();
    expect([...DECIDING, ...INDIFFERENT].sort()).toEqual(ofTheContract);
    expect(Object.keys(VALUES).sort()).toEqual(ofTheContract);
  });

  it('is another one where the upstream compacts, and the same for other policies', () => {
    fc.assert(
      fc.property(requests, VALUES.contextPolicy, (request, contextPolicy) => {
        const { contextPolicy: _, ...without } = request;
        expect(keyOf({ ...request, contextPolicy })).toBe(keyOf(without));
        expect(keyOf({ ...request, contextPolicy: 'compact' })).not.toBe(keyOf(without));
      }),
      { numRuns: 20 },
    );
  });

  it.each(ALWAYS_DECIDING)('is another one where %s is', (field) => {
    fc.assert(
      fc.property(requests, VALUES[field], VALUES[field], (request, one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        expect(keyOf({ ...request, [field]: one })).not.toBe(keyOf({ ...request, [field]: other }));
        if (field === 'messages' || field === 'model') return;
        const { [field]: _, ...without } = request;
        expect(keyOf({ ...request, [field]: one })).not.toBe(keyOf(without));
      }),
      { numRuns: 20 },
    );
  });

  it.each(INDIFFERENT)('is the same whatever %s is', (field) => {
    fc.assert(
      fc.property(requests, VALUES[field], (request, value) => {
        const { [field]: _, ...without } = request;
        expect(keyOf({ ...request, [field]: value })).toBe(keyOf(without));
      }),
      { numRuns: 20 },
    );
  });

  it('is the same whatever order the keys are in', () => {
    fc.assert(
      fc.property(requests, (request) => {
        expect(keyOf(reversed(request) as object)).toBe(keyOf(request));
      }),
    );
  });

  it.each([
    [
      'schemas',
      'tools',
      [{ name: 'f', inputSchema: '{"a":1,"b":[2,{}]}' }],
      [{ inputSchema: '{ "b": [2, {}],\n"a": 1 }', name: 'f', description: '' }],
    ],
    [
      'the schema of the answer',
      'responseFormat',
      { type: 'json_schema', name: 'n', schema: '{"a":1,"b":2}' },
      { type: 'json_schema', name: 'n', schema: '{"b":2,"a":1}' },
    ],
    ['no penalty', 'frequencyPenalty', undefined, 0],
    ['text as the form', 'responseFormat', undefined, { type: 'text' }],
    ['no tools to choose', 'toolChoice', undefined, 'none'],
    ['no stops', 'stop', undefined, []],
    ['no bias', 'logitBias', undefined, {}],
  ])('takes %s for the same, however it is said', (_what, field, one, other) => {
    const request = { messages: [{ role: 'user', content: 'Hi' }] };
    expect(keyOf({ ...request, [field]: one })).toBe(keyOf({ ...request, [field]: other }));
  });

  it.each([
    ['numbers beyond doubles', '{"a":9007199254740993}', '{"a":9007199254740992}'],
    ['an empty list in a schema', '{"required":[]}', '{}'],
    ['text that is no JSON', '{"a"', '{"a" '],
  ])('keeps %s apart', (_what, one, other) => {
    const asking = (inputSchema: string) =>
      keyOf({ messages: [{ role: 'user', content: 'Hi' }], tools: [{ name: 'f', inputSchema }] });
    expect(asking(one)).not.toBe(asking(other));
  });

  it('keeps apart what goes elsewhere: to another upstream, over another API', () => {
    const request = { messages: [{ role: 'user', content: 'Hi' }] };
    const { target } = called(request);
    const keys = [
      keyOf(request),
      keyOf(request, { upstream: 'azure' }),
      keyOf(request, { target: { ...target, surface: 'responses' } }),
      // An upstream of the same name, which another sidecar or the configuration of before has elsewhere.
      cacheKey(called(request), { share: 'project', endpointOf: () => 'https://other.test/v1' }),
    ];
    expect(new Set(keys).size).toBe(4);
  });

  it('keeps projects apart, unless answers are for all', () => {
    const of = (projectId: string, share: 'project' | 'all') =>
      cacheKey(called({ messages: [{ role: 'user', content: 'Hi' }], metadata: { projectId } }), {
        share,
        endpointOf,
      });
    expect(of('a', 'project')).not.toBe(of('b', 'project'));
    expect(of('a', 'all')).toBe(of('b', 'all'));
  });
});

/** The same value, the keys of its objects the other way round. */
function reversed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(reversed);
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  );
}
