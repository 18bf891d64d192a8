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
  for (const keyword of FORBIDDEN) {
    if (Object.hasOwn(schema, keyword)) yield `must not have ${keyword}`;
  }
  if (schema.format !== undefined && !FORMATS.includes(schema.format)) {
    yield `must have one of the formats ${FORMATS.join(', ')}`;
  }
  if (!TYPING.some((name) => Object.hasOwn(schema, name))) yield 'must have a type';
  if (schema.type === 'array' && schema.items === undefined) yield 'must have items';
}

function* objectProblems({
  type,
  properties,
  additionalProperties,
  required,
}: Schema): Iterable<string> {
  const saysObject = type === 'object' || (Array.isArray(type) && type.includes('object'));
  if (!saysObject && properties === undefined) return;
  if (additionalProperties !== false) yield 'must set additionalProperties to false';
  const names = new Set(Array.isArray(required) ? required : []);
  for (const name of Object.keys(isObject(properties) ? properties : {})) {
    if (!names.has(name)) yield `must require ${JSON.stringify(name)}`;
  }
}
