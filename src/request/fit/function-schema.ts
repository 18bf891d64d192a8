import { jsonObjectProblem } from '../validate/json-object.ts';
import {
  isSchema,
  type Schema,
  type SchemaKeywords,
  schemasWithin,
} from '../validate/schema-walk.ts';
import { TextMemo } from '../validate/text-memo.ts';

const NOT_AT_THE_TOP: readonly string[] = ['oneOf', 'anyOf', 'allOf', 'enum', 'not'];
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

const functions = new TextMemo((text) => functionProblem(parsed(text)), MAX_REMEMBERED_LENGTH);
const answers = new TextMemo((text) => objectProblem(parsed(text)), MAX_REMEMBERED_LENGTH);

/** What OpenAI does not take about the JSON Schema of a function's arguments, undefined if it does. */
export function functionSchemaProblem(text: string): string | undefined {
  return functions.get(text);
}

/** What OpenAI does not take about the JSON Schema of an answer, undefined if it does. */
export function answerSchemaProblem(text: string): string | undefined {
  return answers.get(text);
}

function functionProblem(schema: Schema): string | undefined {
  const keyword = NOT_AT_THE_TOP.find((name) => Object.hasOwn(schema, name));
  if (keyword !== undefined) return `must not have ${keyword} at its top for OpenAI`;
  if (schema.properties === undefined) return 'must have properties, if only {}, for OpenAI';
  return objectProblem(schema) ?? arrayProblem(schema, '');
}

function objectProblem({ type }: Schema): string | undefined {
  return type === 'object' ? undefined : 'must have the type object for OpenAI';
}

/** The place of an array that does not say what it consists of. */
function arrayProblem(schema: unknown, place: string): string | undefined {
  if (!isSchema(schema)) return undefined;
  const { type, items } = schema;
  if (type === 'array' && items === undefined) {
    return `must say what the items of the array at ${place} are for OpenAI`;
  }
  for (const [below, child] of schemasWithin(schema, KEYWORDS)) {
    const problem = arrayProblem(child, `${place}/${below}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Broken ones, too deep ones among them, are told by the validation, and have no further problem. */
function parsed(text: string): Schema {
  return jsonObjectProblem(text) === undefined ? JSON.parse(text) : WELL;
}

const WELL: Schema = { type: 'object', properties: {} };
