import { isObject } from '../../core/is-object.ts';
import { readJsonObject } from '../validate/json-object.ts';
import { MAX_SCHEMA_PROBLEMS } from '../validate/json-schema.ts';
import { type Schema, type SchemaKeywords, schemasWithin } from '../validate/schema-walk.ts';
import { TextMemo } from '../validate/text-memo.ts';
import { strictSchemaProblems } from './strict-schema.ts';

const NOT_AT_THE_TOP: readonly string[] = ['oneOf', 'anyOf', 'allOf', 'enum', 'not'];
/** Where one of these is at the top, what it leaves out may be said there. */
const SAID_ELSEWHERE: readonly string[] = [...NOT_AT_THE_TOP, '$ref'];
const KEYWORDS: SchemaKeywords = {
  one: ['items', 'additionalProperties', 'contains', 'not', 'if', 'then', 'else'],
  several: [
    'properties',
    'patternProperties',
    'prefixItems',
    'anyOf',
    'oneOf',
    'allOf',
    '$defs',
    'definitions',
  ],
};
const MAX_REMEMBERED_LENGTH = 4 * 1024 * 1024;

const functions = memo(functionProblems);
const answers = memo(objectProblems);
const strict = memo(strictSchemaProblems);

/**
 * The JSON Schema of a function's arguments with what it may leave out, and means the same with: that they
 * are an object, and that it has properties. MCP servers leave these out for a tool without arguments,
 * and OpenAI, LM Studio and MiniMax refuse it so.
 */
export function spelledOut(schema: Schema): Schema {
  const { type = 'object', properties = {} } = schema;
  if (type !== 'object' || SAID_ELSEWHERE.some((key) => Object.hasOwn(schema, key))) return schema;
  return { ...schema, type, properties };
}

/** What OpenAI does not take about the JSON Schema of a function's arguments; empty: it does. */
export function functionSchemaProblems(text: string, isStrict = false): readonly string[] {
  return isStrict ? [...functions.get(text), ...strict.get(text)] : functions.get(text);
}

/** What OpenAI does not take about the JSON Schema of an answer; empty: it does. */
export function answerSchemaProblems(text: string, isStrict = false): readonly string[] {
  return isStrict ? [...answers.get(text), ...strict.get(text)] : answers.get(text);
}

function memo(problems: (schema: Schema) => Iterable<string>): TextMemo<readonly string[]> {
  return new TextMemo((text) => {
    // Broken ones, too deep ones among them, are told by the validation.
    const reading = readJsonObject(text);
    return 'problem' in reading ? [] : firstOf(problems(reading.value));
  }, MAX_REMEMBERED_LENGTH);
}

function firstOf(problems: Iterable<string>): readonly string[] {
  const first: string[] = [];
  for (const problem of problems) {
    first.push(problem);
    if (first.length === MAX_SCHEMA_PROBLEMS) break;
  }
  return first;
}

function* functionProblems(given: Schema): Iterable<string> {
  const schema = spelledOut(given);
  for (const keyword of NOT_AT_THE_TOP) {
    if (Object.hasOwn(schema, keyword)) yield `must not have ${keyword} at its top for OpenAI`;
  }
  if (schema.properties === undefined) yield 'must have properties, if only {}, for OpenAI';
  yield* objectProblems(schema);
  yield* arrayProblems(schema, '');
}

function* objectProblems({ type }: Schema): Iterable<string> {
  if (type !== 'object') yield 'must have the type object for OpenAI';
}

/** The places of arrays that do not say what they consist of. */
function* arrayProblems(schema: unknown, place: string): Iterable<string> {
  if (!isObject(schema)) return;
  const { type, items } = schema;
  if (type === 'array' && items === undefined && place !== '') {
    yield `must say what the items of the array at ${place} are for OpenAI`;
  }
  for (const [below, child] of schemasWithin(schema, KEYWORDS)) {
    yield* arrayProblems(child, `${place}/${below}`);
  }
}
