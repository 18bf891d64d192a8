import { describe, expect, it } from '@jest/globals';
import { jsonSchemaProblems } from '../../../src/request/validate/json-schema.ts';

const problems = (schema: object) => jsonSchemaProblems(JSON.stringify(schema));

describe('jsonSchemaProblems', () => {
  it.each<[string, object]>([
    ['of anything', {}],
    ['of a common tool', { type: 'object', properties: { a: { type: 'string', enum: ['x'] } } }],
    ['of several types', { type: ['object', 'null'] }],
    ['with keywords of other vocabularies', { type: 'object', 'x-order': 1, discriminator: {} }],
    ['with references', { $ref: '#/$defs/a', $defs: { a: { type: 'object' } } }],
    ['that recurs', { type: 'object', properties: { next: { $ref: '#' } } }],
    ['that names another draft', { $schema: 'http://json-schema.org/draft-07/schema#' }],
    ['with tuples of draft 7', { items: [{ type: 'string' }, {}], additionalItems: false }],
    ['with dependencies of draft 7', { dependencies: { a: ['b'] }, definitions: { c: {} } }],
  ])('takes a schema %s', (_, schema) => {
    expect(problems(schema)).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['an unknown type', { type: 'objekt' }, '/type must be equal to one of the allowed values'],
    ['a deep fault', { properties: { a: { type: 5 } } }, '/properties/a/type must be equal'],
    ['properties as a list', { properties: [] }, '/properties must be object'],
    ['items that are no schema', { items: 'x' }, '/items must be object,boolean'],
    ['a bound that is no number', { minimum: '1' }, '/minimum must be number'],
    ['a name twice', { required: ['a', 'a'] }, '/required must NOT have duplicate items'],
  ])('refuses %s and names the place', (_, schema, place) => {
    const [problem] = problems(schema);
    expect(problem).toContain(`must be a JSON Schema (draft 2020-12): ${place}`);
  });

  it('cuts a place that is too long', () => {
    const name = 'x'.repeat(500);
    expect(problems({ properties: { [name]: { type: 5 } } })[0]?.length).toBeLessThan(250);
  });

  it('names every place that is wrong, each once', () => {
    const faults = problems({ type: 'objekt', minimum: '1', properties: { a: { type: 5 } } });
    expect(faults.map((fault) => fault.split(': ')[1]?.split(' ')[0]).sort()).toEqual([
      '/minimum',
      '/properties/a/type',
      '/type',
    ]);
  });

  it('names no more than sixteen', () => {
    const properties = Object.fromEntries([...'abcdefghijklmnopqrstuvwxyz'].map((n) => [n, 1]));
    expect(problems({ properties })).toHaveLength(16);
  });

  it('tells a schema that says draft 7 what is wrong by it', () => {
    const $schema = 'http://json-schema.org/draft-07/schema#';
    const faults = problems({ $schema, items: [{ type: 5 }] });
    expect(faults.join('; ')).toContain('must be a JSON Schema (draft 7): /items/0/type');
  });

  it.each(['{', '[]', '"a"'])('refuses %s, which is no object', (text) => {
    expect(jsonSchemaProblems(text)).toEqual([
      expect.stringMatching(/^must be (valid JSON|a JSON object)$/),
    ]);
  });
});
