import fc from 'fast-check';
import {
  type HostedTool,
  MessageRequest,
  type ResponseFormat,
  type Tool,
  type ToolChoice,
} from '../../src/gen/tamma/provider/v1/message.ts';
import { STRICT_MODELS, type StrictModel } from '../../src/simulator/strict/strict-models.ts';
import { anyConversation, goodConversation } from './conversations.ts';
import { anySchema, description, goodSchema } from './schemas.ts';
import { anyName, anyText, identifiers, someText } from './texts.ts';

type Fields = Partial<MessageRequest>;

const SERVED = STRICT_MODELS.filter(({ chat, responses, shutdown = '9999' }) => {
  return (chat || responses) && shutdown > '2026-11-22';
});
const NAMES = STRICT_MODELS.flatMap(({ id, names = [] }) => [id, ...names]);
const UNKNOWN_NAMES = [
  'gpt-7',
  'ft:gpt-4o:acme::abc',
  'GPT-4O',
  ' gpt-4o',
  'gpt-4o\n',
  'x'.repeat(300),
];

const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
const TIERS = ['auto', 'default', 'flex', 'priority'] as const;
const VERBOSITIES = ['low', 'medium', 'high'] as const;

const goodTools: fc.Arbitrary<Tool[]> = fc.uniqueArray(
  fc.record({
    name: identifiers,
    description,
    inputSchema: fc.oneof(fc.constant(''), goodSchema),
    strict: fc.option(fc.boolean(), { nil: undefined }),
    custom: fc.constant(undefined),
  }),
  { minLength: 1, maxLength: 4, selector: ({ name }) => name },
);

/** Fields that a model takes, whatever else the request holds. */
function goodFields(model: StrictModel): Readonly<Record<string, fc.Arbitrary<Fields>>> {
  const free = (name: string): boolean => !model.rejects?.includes(name);
  const whenFree = (name: string, fields: fc.Arbitrary<Fields>) => (free(name) ? [fields] : []);
  const all: fc.Arbitrary<Fields>[] = [
    fc.integer({ min: 16, max: model.maxOutput ?? 4096 }).map((maxTokens) => ({ maxTokens })),
    fc.constantFrom(...TIERS).map((serviceTier) => ({ serviceTier })),
    fc.constantFrom(...(model.verbosities ?? VERBOSITIES)).map((verbosity) => ({ verbosity })),
    identifiers.map((promptCacheKey) => ({ promptCacheKey })),
    identifiers.map((safetyIdentifier) => ({ safetyIdentifier })),
    fc.dictionary(identifiers, someText, { maxKeys: 3 }).map((metadata) => ({ metadata })),
    fc.nat({ max: 8 }).map((taskType) => ({ taskType }) as Fields),
    ...whenFree(
      'temperature',
      fc.double({ min: 0, max: 2, noNaN: true }).map((temperature) => ({ temperature })),
    ),
    ...whenFree(
      'top_p',
      fc.double({ min: 0, max: 1, noNaN: true }).map((topP) => ({ topP })),
    ),
  ];
  if (model.efforts !== undefined) {
    all.push(fc.constantFrom(...model.efforts).map((reasoningEffort) => ({ reasoningEffort })));
  }
  if (model.tools !== false) all.push(goodTools.chain(withToolUse));
  if (model.jsonSchema) all.push(fc.tuple(identifiers, goodSchema).map(schemaFormat));
  return Object.fromEntries(all.entries());
}

function withToolUse(tools: Tool[]): fc.Arbitrary<Fields> {
  const [first] = tools;
  return fc
    .constantFrom<ToolChoice | undefined>(
      undefined,
      { choice: { $case: 'mode', value: 1 } },
      { choice: { $case: 'mode', value: 3 } },
      { choice: { $case: 'functionName', value: first?.name ?? '' } },
    )
    .map((toolChoice) => ({ tools, toolChoice }));
}

function schemaFormat([name, schema]: readonly [string, string]): Fields {
  const value = { name, schema, strict: true, description: '' };
  return { responseFormat: { format: { $case: 'jsonSchema', value } } };
}

const numbers = fc.oneof(
  fc.constantFrom(-2, -1, 0, -0, 0.5, 1, 2, 2.5, 1e308, -1e-320, Number.NaN, Infinity, -Infinity),
  fc.double(),
);
const integers = fc.oneof(
  fc.constantFrom(-(2 ** 31), -1, 0, 1, 2, 15, 16, 4096, 16_384, 16_385, 128_001, 2 ** 31 - 1),
  fc.integer(),
);
const word = (...words: readonly string[]) => fc.oneof(fc.constantFrom(...words), anyText);

const anyTool: fc.Arbitrary<Tool> = fc.record({
  name: anyName,
  description: fc.oneof(description, anyText),
  inputSchema: anySchema,
  strict: fc.option(fc.boolean(), { nil: undefined }),
  custom: fc.constantFrom<Tool['custom']>(undefined, undefined, { format: undefined }),
});

const anyFormat = fc.oneof(
  fc.constantFrom<ResponseFormat>(
    { format: undefined },
    { format: { $case: 'text', value: {} } },
    { format: { $case: 'jsonObject', value: {} } },
  ),
  fc
    .record({
      name: anyName,
      schema: anySchema,
      strict: fc.option(fc.boolean(), { nil: undefined }),
      description: anyText,
    })
    .map((value): ResponseFormat => ({ format: { $case: 'jsonSchema', value } })),
);

const anyChoice = fc.oneof(
  fc.constantFrom<ToolChoice>({ choice: undefined }),
  fc.constantFrom(0, 1, 2, 3).map((value): ToolChoice => ({ choice: { $case: 'mode', value } })),
  anyName.map((value): ToolChoice => ({ choice: { $case: 'functionName', value } })),
  anyName.map((value): ToolChoice => ({ choice: { $case: 'customName', value } })),
  anyName.map((value): ToolChoice => ({ choice: { $case: 'hosted', value } })),
  fc
    .record({ mode: fc.constantFrom(0, 1, 2, 3), names: fc.array(anyName, { maxLength: 3 }) })
    .map((value): ToolChoice => ({ choice: { $case: 'allowed', value } as never })),
);

/** Each field with whatever its type allows. */
const ANY_FIELD = {
  messages: anyConversation,
  model: fc.oneof(fc.constantFrom(...NAMES), fc.constantFrom(...UNKNOWN_NAMES), anyText),
  maxTokens: integers,
  temperature: numbers,
  topP: numbers,
  frequencyPenalty: numbers,
  presencePenalty: numbers,
  stop: fc.array(anyText, { maxLength: 6 }),
  seed: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  reasoningEffort: word(...EFFORTS),
  tools: fc.oneof(goodTools, fc.array(anyTool, { maxLength: 4 }), manyTools()),
  toolChoice: anyChoice,
  parallelToolCalls: fc.boolean(),
  responseFormat: anyFormat,
  taskType: fc.constantFrom(0, 1, 2, 3, 8, 99) as fc.Arbitrary<MessageRequest['taskType']>,
  serviceTier: word(...TIERS, 'scale', 'fast', 'ultrafast', 'bogus'),
  verbosity: word(...VERBOSITIES, 'none'),
  promptCacheKey: anyText,
  promptCacheRetention: word('in_memory', '24h', '1h'),
  safetyIdentifier: anyText,
  logitBias: fc.dictionary(fc.integer().map(String), fc.integer({ min: -101, max: 101 }), {
    maxKeys: 3,
  }) as fc.Arbitrary<MessageRequest['logitBias']>,
  prediction: anyText,
  fallbackModels: fc.array(fc.constantFrom(...NAMES, ...UNKNOWN_NAMES), { maxLength: 10 }),
  cache: fc.constantFrom(0, 1, 2, 3).map((mode) => ({
    mode,
    ttl: undefined,
    coalesce: mode % 2 === 0 ? undefined : mode === 1,
  })),
  contextPolicy: fc.constantFrom(0, 1, 2, 3, 4, 9) as fc.Arbitrary<MessageRequest['contextPolicy']>,
  metadata: fc.dictionary(anyText, anyText, { maxKeys: 4 }),
  reasoningSummary: word('auto', 'concise', 'detailed'),
  promptCacheOptions: fc.record({ mode: word('implicit', 'explicit'), ttl: word('30m', '12h') }),
  hostedTools: fc.array(
    fc.constantFrom<HostedTool>(
      { tool: undefined },
      { tool: { $case: 'shell', value: {} } },
      { tool: { $case: 'mcp', value: { server: 'files', allowedTools: [] } } },
    ),
    { maxLength: 3 },
  ),
  maxToolCalls: integers,
  idempotencyKey: anyText,
} satisfies { readonly [Name in keyof MessageRequest]-?: fc.Arbitrary<MessageRequest[Name]> };

function manyTools(): fc.Arbitrary<Tool[]> {
  const tool = (index: number): Tool => ({
    name: `f${index}`,
    description: '',
    inputSchema: '',
    custom: undefined,
  });
  return fc
    .constantFrom(127, 128, 129)
    .map((count) => Array.from({ length: count }, (_, index) => tool(index)));
}

/** A request that its model takes, as far as one can say without asking OpenAI. */
const goodRequest: fc.Arbitrary<Fields> = fc.constantFrom(...SERVED).chain((model) => {
  const traits = { images: model.images, reasoning: model.reasoning === true };
  return fc
    .tuple(
      fc.constantFrom(model.id, ...(model.names ?? [])),
      goodConversation(traits),
      fc.record(goodFields(model), { requiredKeys: [] }),
    )
    .map(([name, messages, fields]) =>
      Object.assign({ model: name, messages }, ...Object.values(fields)),
    );
});

/** Those with the most in them are tried more often. */
const WEIGHTS: Readonly<Record<string, number>> = { messages: 8, tools: 6, responseFormat: 4 };

const one: fc.Arbitrary<Fields> = fc.oneof(
  ...Object.entries(ANY_FIELD).map(([name, field]) => ({
    weight: WEIGHTS[name] ?? 1,
    arbitrary: (field as fc.Arbitrary<unknown>).map((value): Fields => ({ [name]: value })),
  })),
);
const several: fc.Arbitrary<Fields> = fc.record(ANY_FIELD, { requiredKeys: [] });

const EMPTY = MessageRequest.decode(new Uint8Array());

/** Requests as callers may send them: right, nearly right, and absurd, about a third each. */
export const anyRequest: fc.Arbitrary<MessageRequest> = fc
  .tuple(
    goodRequest,
    fc.oneof(
      { weight: 4, arbitrary: fc.constant<Fields>({}) },
      { weight: 5, arbitrary: one },
      several,
    ),
  )
  .map(([good, odd]) => ({ ...EMPTY, ...good, ...odd }));
