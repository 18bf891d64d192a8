import { isSchema, type Schema, type SchemaKeywords, schemasWithin } from './schema-walk.ts';

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
];

/** What keeps a valid JSON Schema from being a strict one, undefined if nothing does. */
export function strictSchemaProblem(schema: Schema): string | undefined {
  if (schema.type !== 'object') return 'must have the type object, because it is strict';
  return problemAt(schema, '');
}

function problemAt(schema: unknown, place: string): string | undefined {
  if (!isSchema(schema)) return undefined;
  const own = keywordProblem(schema) ?? objectProblem(schema);
  if (own !== undefined) return `must be strict: ${place || 'it'} ${own}`;
  for (const [below, child] of schemasWithin(schema, KEYWORDS)) {
    const problem = problemAt(child, `${place}/${below}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function keywordProblem(schema: Schema): string | undefined {
  const keyword = FORBIDDEN.find((name) => Object.hasOwn(schema, name));
  if (keyword !== undefined) return `must not have ${keyword}`;
  if (!TYPING.some((name) => Object.hasOwn(schema, name))) return 'must have a type';
  return schema.type === 'array' && schema.items === undefined ? 'must have items' : undefined;
}

function objectProblem({ type, properties, additionalProperties, required }: Schema) {
  const isObject = type === 'object' || (Array.isArray(type) && type.includes('object'));
  if (!isObject && properties === undefined) return undefined;
  if (additionalProperties !== false) return 'must set additionalProperties to false';
  const names = Array.isArray(required) ? required : [];
  const optional = Object.keys(isSchema(properties) ? properties : {}).find(
    (name) => !names.includes(name),
  );
  return optional === undefined ? undefined : `must require ${JSON.stringify(optional)}`;
}
