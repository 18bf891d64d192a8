import { TextMemo } from '../validate/text-memo.ts';

type Schema = Readonly<Record<string, unknown>>;

const NOT_AT_THE_TOP: readonly string[] = ['oneOf', 'anyOf', 'allOf', 'enum', 'not'];
/** Keywords of JSON Schema that hold a schema, and those that hold several. */
const SCHEMA_KEYWORDS: readonly string[] = [
  'items',
  'additionalProperties',
  'contains',
  'not',
  'if',
  'then',
  'else',
];
const SCHEMA_GROUP_KEYWORDS: readonly string[] = [
  'properties',
  'patternProperties',
  'prefixItems',
  'anyOf',
  'oneOf',
  'allOf',
  '$defs',
  'definitions',
];
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
  if (typeof schema !== 'object' || schema === null) return undefined;
  const { type, items } = schema as Schema;
  if (type === 'array' && items === undefined) {
    return `must say what the items of the array at ${place} are for OpenAI`;
  }
  for (const [below, child] of children(schema as Schema)) {
    const problem = arrayProblem(child, `${place}/${below}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** The schemas within one; what stands in `default`, `enum` and the like is data. */
function* children(schema: Schema): Iterable<readonly [string, unknown]> {
  for (const keyword of SCHEMA_KEYWORDS) {
    if (schema[keyword] !== undefined) yield [keyword, schema[keyword]];
  }
  for (const keyword of SCHEMA_GROUP_KEYWORDS) {
    const group = schema[keyword];
    if (typeof group !== 'object' || group === null) continue;
    for (const [name, child] of Object.entries(group)) yield [`${keyword}/${name}`, child];
  }
}

/** Broken ones are told by the validation, and have no further problem here. */
function parsed(text: string): Schema {
  try {
    const value: unknown = JSON.parse(text);
    return isSchema(value) ? value : WELL;
  } catch {
    return WELL;
  }
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const WELL: Schema = { type: 'object', properties: {} };
