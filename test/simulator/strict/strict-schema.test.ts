import { describe, expect, it } from '@jest/globals';
import { refusedChat, refusedResponse } from './rejected.ts';

const loose = (parameters: object) =>
  refusedChat({ tools: [{ type: 'function', function: { name: 'f', parameters } }] });
const strictly = (parameters: object) =>
  refusedResponse({ tools: [{ type: 'function', name: 'f', parameters, strict: true }] });
const answer = (schema: object) =>
  refusedResponse({ text: { format: { type: 'json_schema', name: 's', schema } } });

const text = { type: 'string' };
const of = (properties: unknown, more: object = {}) => ({ type: 'object', properties, ...more });
const closed = (properties: object, more: object = {}) =>
  of(properties, { required: Object.keys(properties), additionalProperties: false, ...more });

describe('the parameters of a function', () => {
  it.each<[string, object]>([
    [
      'every keyword beneath the top',
      of({ a: { anyOf: [text, { type: ['number', 'null'] }] }, b: true }),
    ],
    ['lists', of({ a: { type: 'array', items: text } }, { required: ['a'] })],
    [
      'definitions',
      of({ a: { $ref: '#/$defs/d' } }, { $defs: { d: text }, definitions: { e: text } }),
    ],
    ['choices whatever they are', of({ a: { allOf: [text], oneOf: [text, true] } })],
  ])('may have %s', (_, parameters) => {
    expect(loose(parameters)).toBeUndefined();
  });

  const TOP =
    "schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level.";
  it.each<[string, object, string]>([
    [
      'no type',
      { properties: {} },
      `schema must be a JSON Schema of 'type: "object"', got 'type: "None"'.`,
    ],
    [
      'another type',
      { type: 'array' },
      `schema must be a JSON Schema of 'type: "object"', got 'type: "array"'.`,
    ],
    ['a choice at the top', of({}, { anyOf: [] }), TOP],
    ['a negation at the top', of({}, { not: {} }), TOP],
    ['no properties', { type: 'object' }, 'In context=(), object schema missing properties.'],
    [
      'unknown types',
      of({ a: { type: 'text' } }),
      '"text" is not valid under any of the given schemas.',
    ],
    [
      'types that are no words',
      of({ a: { type: ['string', 7] } }),
      '7 is not valid under any of the given schemas.',
    ],
    ['a list of properties', of([]), "[] is not of type 'object'."],
    [
      'properties that are no schemas',
      of({ a: 'text' }),
      `"text" is not of type 'object', 'boolean'.`,
    ],
    ['one required name', of({ a: text }, { required: 'a' }), `"a" is not of type 'array'.`],
    ['required numbers', of({ a: text }, { required: [1] }), "[1] is not of type 'array'."],
    [
      'lists of nothing',
      of({ a: { type: 'array' } }),
      "In context=('properties', 'a'), array schema missing items.",
    ],
    [
      'lists of nothing within lists',
      of({ a: { type: 'array', items: { type: 'array' } } }),
      "In context=('properties', 'a', 'items'), array schema missing items.",
    ],
    [
      'lists of nothing among definitions',
      of({}, { $defs: { d: { anyOf: [text, { type: 'array' }] } } }),
      "In context=('$defs', 'd', 'anyOf', '1'), array schema missing items.",
    ],
  ])('may not have %s', (_, parameters, problem) => {
    expect(loose(parameters)).toEqual({
      status: 400,
      param: 'tools[0].function.parameters',
      message: `Invalid schema for function 'f': ${problem}`,
    });
  });
});

describe('the parameters of a strict function', () => {
  it.each<[string, object]>([
    ['everything required', closed({ a: text, b: closed({ c: text }) })],
    ['what needs no type', closed({ a: { enum: ['x'] }, b: { const: 1 }, c: { anyOf: [text] } })],
    ['nothing at all', closed({})],
    ['numbers of any format', closed({ a: { type: ['integer', 'null'], format: 'int64' } })],
  ])('may have %s', (_, parameters) => {
    expect(strictly(parameters)).toBeUndefined();
  });

  it.each<[string, object, string]>([
    ...['allOf', 'oneOf', 'not', 'if', 'patternProperties', 'propertyNames'].map(
      (keyword): [string, object, string] => [
        keyword,
        closed({ a: { type: 'string', [keyword]: {} } }),
        `In context=('properties', 'a'), '${keyword}' is not permitted.`,
      ],
    ),
    [
      'a format that is none of nine',
      closed({ a: { type: 'string', format: 'uri' } }),
      "In context=('properties', 'a'), 'uri' is not a valid format.",
    ],
    [
      'no type',
      closed({ a: {} }),
      "In context=('properties', 'a'), schema must have a 'type' key.",
    ],
    [
      'an open object',
      closed({ a: of({}) }),
      "In context=('properties', 'a'), 'additionalProperties' is required to be supplied and to be false.",
    ],
    [
      'an open object that may be null',
      closed({ a: of({}, { type: ['object', 'null'] }) }),
      "In context=('properties', 'a'), 'additionalProperties' is required to be supplied and to be false.",
    ],
    [
      'an optional property',
      closed({ a: text, b: text }, { required: ['a'] }),
      "In context=(), 'required' is required to be supplied and to be an array including every key in properties. Missing 'b'.",
    ],
    [
      'optional properties only',
      closed({ a: text }, { required: undefined }),
      "In context=(), 'required' is required to be supplied and to be an array including every key in properties. Missing 'a'.",
    ],
  ])('may not have %s', (_, parameters, problem) => {
    expect(strictly(parameters)).toEqual({
      status: 400,
      param: 'tools[0].parameters',
      message: `Invalid schema for function 'f': ${problem}`,
    });
  });

  it('may leave out the properties of an object beneath the top', () => {
    expect(
      strictly(closed({ a: { type: 'object', additionalProperties: false } })),
    ).toBeUndefined();
  });
});

describe('the schema of an answer', () => {
  it('is the schema of an object', () => {
    expect(answer({ type: 'object' })).toBeUndefined();
    for (const [schema, type] of [
      [{}, 'None'],
      [text, 'string'],
    ] as const) {
      expect(answer(schema)).toEqual({
        status: 400,
        param: 'text.format.schema',
        message: `Invalid schema for response_format 's': schema must be a JSON Schema of 'type: "object"', got 'type: "${type}"'.`,
      });
    }
  });
});
