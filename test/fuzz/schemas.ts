import fc from 'fast-check';
import { anyText, someText } from './texts.ts';

type Schema = Readonly<Record<string, unknown>>;

const LEAVES: readonly Schema[] = [
  { type: 'string' },
  { type: 'integer', minimum: 0 },
  { type: 'number' },
  { type: 'boolean' },
  { type: ['string', 'null'] },
  { type: 'string', enum: ['a', 'b'] },
  { type: 'array', items: { type: 'string' } },
];

const properties = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.constantFrom(...LEAVES), {
  maxKeys: 4,
});

/** A schema that also the strict rules allow. */
const strictSchema = fc.tuple(properties, fc.boolean()).map(([leaves, nested]): Schema => {
  const inner = closed({ x: { type: 'string' } });
  return closed(nested ? { ...leaves, nested: inner } : leaves);
});

function closed(fields: Readonly<Record<string, Schema>>): Schema {
  return {
    type: 'object',
    properties: fields,
    required: Object.keys(fields),
    additionalProperties: false,
  };
}

/** As JSON text. */
export const goodSchema: fc.Arbitrary<string> = strictSchema.map((schema) =>
  JSON.stringify(schema),
);

/** Wrong for OpenAI in all sorts of ways, or only if it is strict. */
const doubtfulSchemas: readonly unknown[] = [
  {},
  { type: 'object' },
  { type: 'object', properties: {} },
  { type: 'object', properties: { a: { type: 'string' } } },
  { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false },
  { type: 'object', properties: { a: { type: 'array' } } },
  { type: 'object', properties: { a: { type: 'strng' } } },
  { type: 'object', properties: { a: {} }, required: ['a'], additionalProperties: false },
  { type: 'object', properties: { a: 1 } },
  { type: 'object', properties: [] },
  { type: 'object', properties: {}, required: 'a' },
  { type: 'object', properties: {}, anyOf: [{ type: 'object' }] },
  { type: 'array', items: { type: 'string' } },
  { type: 'string' },
  { type: ['object', 'null'], properties: {} },
  { $ref: '#/$defs/a', $defs: { a: { type: 'object', properties: {} } } },
  {
    type: 'object',
    properties: { a: { oneOf: [{ type: 'string' }, { type: 'null' }] } },
    required: ['a'],
    additionalProperties: false,
  },
  {
    type: 'object',
    properties: { a: { type: 'object', properties: {} } },
    required: ['a'],
    additionalProperties: false,
  },
];

const NOT_SCHEMAS = ['', ' ', '[]', 'null', '1', '{', '{"a":1,}', `${'['.repeat(200)}`] as const;

/** Deeper than anything that is read recursively should be. */
const deepSchema = fc
  .constantFrom(20, 200, 20_000)
  .map((levels) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);

/** What can stand where a schema is expected. */
export const anySchema: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: goodSchema },
  { weight: 4, arbitrary: fc.constantFrom(...doubtfulSchemas).map((each) => JSON.stringify(each)) },
  { weight: 1, arbitrary: fc.constantFrom(...NOT_SCHEMAS) },
  { weight: 1, arbitrary: deepSchema },
  { weight: 1, arbitrary: fc.json({ maxDepth: 3 }) },
  { weight: 1, arbitrary: anyText },
);

/** Of a tool or a schema. */
export const description: fc.Arbitrary<string> = fc.oneof(fc.constant(''), someText);
