import { describe, expect, it } from '@jest/globals';
import { jsonSchemaProblem } from '../../../src/request/validate/json-schema.ts';

const problem = (schema: object, strict?: boolean) =>
  jsonSchemaProblem(JSON.stringify(schema), strict);

const STRICT = {
  type: 'object',
  properties: { a: { type: 'string' } },
  required: ['a'],
  additionalProperties: false,
};

describe('jsonSchemaProblem', () => {
  it.each<[string, object]>([
    ['of anything', {}],
    ['of a common tool', { type: 'object', properties: { a: { type: 'string', enum: ['x'] } } }],
    ['of several types', { type: ['object', 'null'] }],
    ['with keywords of other vocabularies', { type: 'object', 'x-order': 1, discriminator: {} }],
    ['with references', { $ref: '#/$defs/a', $defs: { a: { type: 'object' } } }],
    ['that recurs', { type: 'object', properties: { next: { $ref: '#' } } }],
    ['that names another draft', { $schema: 'http://json-schema.org/draft-07/schema#' }],
  ])('takes a schema %s', (_, schema) => {
    expect(problem(schema)).toBeUndefined();
  });

  it.each<[string, object, string]>([
    ['an unknown type', { type: 'objekt' }, '/type must be equal to one of the allowed values'],
    ['a deep fault', { properties: { a: { type: 5 } } }, '/properties/a/type must be equal'],
    ['properties as a list', { properties: [] }, '/properties must be object'],
    ['tuples of older drafts', { items: [{}] }, '/items must be object,boolean'],
    ['a bound that is no number', { minimum: '1' }, '/minimum must be number'],
    ['a name twice', { required: ['a', 'a'] }, '/required must NOT have duplicate items'],
  ])('refuses %s and names the place', (_, schema, place) => {
    expect(problem(schema)).toContain(`must be a JSON Schema (draft 2020-12): ${place}`);
  });

  it('cuts a place that is too long', () => {
    const name = 'x'.repeat(500);
    expect(problem({ properties: { [name]: { type: 5 } } })?.length).toBeLessThan(250);
  });

  it.each(['{', '[]', '"a"'])('refuses %s, which is no object', (text) => {
    expect(jsonSchemaProblem(text)).toMatch(/^must be (valid JSON|a JSON object)$/);
    expect(jsonSchemaProblem(text, true)).toMatch(/^must be (valid JSON|a JSON object)$/);
  });

  it('says the same again, and tells strict schemas from others', () => {
    const open = { ...STRICT, required: [] };
    expect(problem(open)).toBeUndefined();
    expect(problem(open, true)).toBe('must be strict: it must require "a"');
    expect(problem(open)).toBeUndefined();
    expect(problem(open, true)).toBe(problem(open, true));
  });
});

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
    ['allows anything somewhere', { ...STRICT, properties: { a: true } }],
  ])('may be one that %s', (_, schema) => {
    expect(problem(schema, true)).toBeUndefined();
  });

  const open = { type: 'object' };
  const within = (schema: object) => ({ ...STRICT, ...schema });

  it.each<[string, object, string]>([
    ['is no object', { type: 'array' }, 'the type object'],
    ['has no type', {}, 'the type object'],
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
    ['has a forbidden keyword', within({ allOf: [] }), 'draft 2020-12'],
    [
      'has a forbidden keyword within',
      within({ properties: { a: { not: {} } } }),
      '/properties/a must not have not',
    ],
    [
      'requires nothing of what it has',
      { type: 'object', properties: { a: {} }, additionalProperties: false },
      'it must require "a"',
    ],
  ])('must not be one that %s', (_, schema, expected) => {
    expect(problem(schema, true)).toContain(expected);
  });
});
