import { isObject } from '../../core/is-object.ts';
import { type Schema, type SchemaKeywords, schemasWithin } from '../validate/schema-walk.ts';

/**
 * OpenAI's rules for strict schemas, those that are documented: every object names all of its
 * properties as required and allows no others, every value has a type, and some keywords are out.
 */

const KEYWORDS: SchemaKeywords = {
  one: ['items'],
  several: ['anyOf', 'prefixItems', 'properties', '$defs', 'definitions'],
};

/** Keywords one of which says what a value is. */
const TYPING: readonly string[] = ['type', 'anyOf', '$ref', 'enum', 'const'];

const FORBIDDEN: readonly string[] = [
  'allOf',
  'oneOf',
  'not',
  'dependentRequired',
  'dependentSchemas',
  'if',
  'then',
  'else',
  'patternProperties',
  'propertyNames',
];

const FORMATS: readonly unknown[] = [
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uuid',
];

/** All that keeps a JSON Schema of an object from being a strict one. */
export function* strictSchemaProblems(schema: unknown, place = ''): Iterable<string> {
  if (!isObject(schema)) return;
  for (const problem of [...keywordProblems(schema), ...objectProblems(schema)]) {
    yield `must be strict for OpenAI: ${place || 'it'} ${problem}`;
  }
  for (const [below, child] of schemasWithin(schema, KEYWORDS)) {
    yield* strictSchemaProblems(child, `${place}/${below}`);
  }
}

function* keywordProblems(schema: Schema): Iterable<string> {
  const { type, format, items } = schema;
  for (const keyword of FORBIDDEN) {
    if (Object.hasOwn(schema, keyword)) yield `must not have ${keyword}`;
  }
  // `int32`, `double` and the like of numbers, which generators write, are passed over.
  const mayBeText = type === undefined || says('string', type);
  if (format !== undefined && mayBeText && !FORMATS.includes(format)) {
    yield `must have one of the formats ${FORMATS.join(', ')}`;
  }
  if (!TYPING.some((name) => Object.hasOwn(schema, name))) yield 'must have a type';
  if (type === 'array' && items === undefined) yield 'must have items';
}

function says(kind: string, type: unknown): boolean {
  return type === kind || (Array.isArray(type) && type.includes(kind));
}

function* objectProblems({
  type,
  properties,
  additionalProperties,
  required,
}: Schema): Iterable<string> {
  if (!says('object', type) && properties === undefined) return;
  if (additionalProperties !== false) yield 'must set additionalProperties to false';
  const names = new Set(Array.isArray(required) ? required : []);
  for (const name of Object.keys(isObject(properties) ? properties : {})) {
    if (!names.has(name)) yield `must require ${JSON.stringify(name)}`;
  }
}
