import { expect, it, jest } from '@jest/globals';
import { functionSchemaProblems } from '../../src/request/fit/function-schema.ts';
import { layOut } from '../../src/request/tokens/lay-out.ts';
import { jsonSchemaProblems } from '../../src/request/validate/json-schema.ts';
import { fieldsOf } from '../request/validate/refusals.ts';

const LENGTH = 256 * 1024;

/** As many of these as a schema may have. */
function list(item: (at: number) => string): string {
  const items: string[] = [];
  for (let length = 0; length < LENGTH - 200; length += (items.at(-1)?.length ?? 0) + 1) {
    items.push(item(items.length));
  }
  return `[${items.join()}]`;
}

// Compared in pairs, or copied at each step, the first three took a minute, 40 and 25 s.
it.each([
  ['types that are numbers', `{"type":${list(String)}}`],
  ['types of any name', `{"type":${list((at) => `"${at.toString(36)}"`)}}`],
  ['a fault in each of its schemas', `{"allOf":${list(() => '{"type":1}')}}`],
  ['a list of types in each of its schemas', `{"anyOf":${list(() => '{"type":["a","b"]}')}}`],
  ['objects for names', `{"required":${list(() => '{}')}}`],
])('a large schema is looked at once: %s', (_what, schema) => {
  const [first = '', ...more] = jsonSchemaProblems(schema);
  expect(first).toContain('must be a JSON Schema');
  expect(more.length).toBeLessThanOrEqual(1);
});

it('of a small schema all that is wrong is told', () => {
  const problems = jsonSchemaProblems('{"type":"any","minimum":"1","required":[1]}');
  expect(problems).toHaveLength(3);
});

it('a schema is parsed once, for all who look at it', () => {
  const schema = `{"type":"object","properties":{"a":{"enum":${list(String)}}}}`;
  const parse = jest.spyOn(JSON, 'parse');
  expect(jsonSchemaProblems(schema)).toEqual([]);
  expect(functionSchemaProblems(schema)).toEqual([]);
  const tools = [{ name: 'look', inputSchema: schema }];
  expect(layOut('gpt-4o', 'o200k_base', { messages: [], tools }).texts.length).toBeGreaterThan(1e4);
  const parsed = parse.mock.calls.filter(([text]) => text === schema);
  parse.mockRestore();
  expect(parsed).toHaveLength(1);
});

it('schemas of very many values are refused, all together', () => {
  const schema = `{"enum":[${'1e1,'.repeat(40_000)}1]}`;
  const tools = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ name: `t${at}`, inputSchema: schema }));
  expect(fieldsOf({ tools: tools(1) })).toEqual([]);
  expect(() => fieldsOf({ tools: tools(2) })).toThrow('65,536 values together');
});

it('schemas with tens of thousands of different names are refused, all together', () => {
  const schema = (at: number) =>
    JSON.stringify({ type: 'object', x: Array.from({ length: 200 }, (_, row) => names(at, row)) });
  const names = (at: number, row: number) =>
    Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`${at}/${row}/${n}`, 1]));
  const tools = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ name: `t${at}`, inputSchema: schema(at) }));
  expect(fieldsOf({ tools: tools(1) })).toEqual([]);
  expect(() => fieldsOf({ tools: tools(2) })).toThrow('16,384 different names');
  expect(fieldsOf({ tools: Array(4).fill(tools(1)).flat() })).not.toContain('request.tools');
});
