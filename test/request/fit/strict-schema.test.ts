import { describe, expect, it } from '@jest/globals';
import { strictSchemaProblems } from '../../../src/request/fit/strict-schema.ts';

const problems = (schema: object) => [...strictSchemaProblems(schema)];

const STRICT = {
  type: 'object',
  properties: { a: { type: 'string' } },
  required: ['a'],
  additionalProperties: false,
};

describe('a strict schema', () => {
  it.each<[string, object]>([
    ['closes its object', STRICT],
    ['has nothing in it', { type: 'object', properties: {}, additionalProperties: false }],
    [
      'closes the objects within',
      {
        ...STRICT,
        properties: { a: { type: 'array', items: STRICT } },
        $defs: { b: { anyOf: [STRICT, { type: 'null' }] } },
      },
    ],
    ['has a format', { ...STRICT, properties: { a: { type: 'string', format: 'date-time' } } }],
    [
      'has numbers of a format, as generators write it',
      {
        ...STRICT,
        properties: { a: { type: 'integer', format: 'int64' } },
        $defs: { b: { type: ['number', 'null'], format: 'double' } },
      },
    ],
    ['allows anything somewhere', { ...STRICT, properties: { a: true } }],
  ])('may be one that %s', (_, schema) => {
    expect(problems(schema)).toEqual([]);
  });

  const open = { type: 'object' };
  const within = (schema: object) => ({ ...STRICT, ...schema });

  it.each<[string, object, string]>([
    ['is open', open, 'it must set additionalProperties to false'],
    ['leaves a property optional', { ...STRICT, required: [] }, 'it must require "a"'],
    [
      'has an open object in a property',
      within({ properties: { a: open } }),
      '/properties/a must set additionalProperties to false',
    ],
    [
      'has an open object in a list',
      within({ properties: { a: { type: 'array', items: open } } }),
      '/properties/a/items must set',
    ],
    [
      'has an open alternative',
      within({ properties: { a: { anyOf: [{ type: 'null' }, open] } } }),
      '/properties/a/anyOf/1 must set',
    ],
    ['has an open definition', within({ $defs: { b: open } }), '/$defs/b must set'],
    [
      'has an object among several types',
      within({ $defs: { b: { type: ['object', 'null'] } } }),
      '/$defs/b must set',
    ],
    [
      'has properties without a type',
      within({ $defs: { b: { properties: {} } } }),
      '/$defs/b must have a type',
    ],
    ['has a value of no type', within({ properties: { a: {} } }), '/properties/a must have a type'],
    [
      'has an array of anything',
      within({ properties: { a: { type: 'array' } } }),
      '/properties/a must have items',
    ],
    ['has a forbidden keyword', within({ allOf: [] }), 'it must not have allOf'],
    [
      'has a forbidden keyword within',
      within({ properties: { a: { not: {} } } }),
      '/properties/a must not have not',
    ],
    [
      'has a format of other kinds',
      within({ properties: { a: { type: 'string', format: 'uri' } } }),
      '/properties/a must have one of the formats date-time, ',
    ],
    [
      'has a format of other kinds where there may be a text',
      within({ properties: { a: { type: ['string', 'null'], format: 'uri' } } }),
      '/properties/a must have one of the formats date-time, ',
    ],
    [
      'has rules for names',
      within({ $defs: { b: { ...STRICT, propertyNames: {} } } }),
      '/$defs/b must not have propertyNames',
    ],
    [
      'requires nothing of what it has',
      { type: 'object', properties: { a: {} }, additionalProperties: false },
      'it must require "a"',
    ],
  ])('must not be one that %s', (_, schema, expected) => {
    expect(problems(schema).join('; ')).toContain(`must be strict for OpenAI: ${expected}`);
  });

  it('tells all that is wrong', () => {
    const schema = { type: 'object', properties: { a: { oneOf: [] }, b: open }, required: ['a'] };
    expect(problems(schema)).toEqual(
      [
        'it must set additionalProperties to false',
        'it must require "b"',
        '/properties/a must not have oneOf',
        '/properties/a must have a type',
        '/properties/b must set additionalProperties to false',
      ].map((problem) => `must be strict for OpenAI: ${problem}`),
    );
  });
});
