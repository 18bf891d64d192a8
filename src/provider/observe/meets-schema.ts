import { isObject } from '../../core/is-object.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Levels that are looked into; what is below counts as right. */
const MAX_DEPTH = 32;

/**
 * Whether a text is JSON that a schema allows, as far as its types, required and further properties,
 * enumerations, items, alternatives and references tell: what strict outputs are made of. Whatever else
 * a schema asks counts as met, and so does one that cannot be read, which prepare has seen.
 */
export function meetsSchema(text: string, schema: string): boolean {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return false;
  }
  try {
    const root: unknown = JSON.parse(schema);
    return meets(value, root, root, 0);
  } catch {
    return true;
  }
}

function meets(value: unknown, schema: unknown, root: unknown, depth: number): boolean {
  if (!isObject(schema)) return schema !== false;
  if (depth > MAX_DEPTH) return true;
  const below = (inner: unknown, given: unknown = value) => meets(given, inner, root, depth + 1);
  const { $ref, type, anyOf, oneOf, allOf } = schema;
  if (typeof $ref === 'string' && !below(resolve($ref, root))) return false;
  if (!hasType(value, type) || !isAllowed(value, schema)) return false;
  if (Array.isArray(anyOf) && !anyOf.some((one) => below(one))) return false;
  if (Array.isArray(oneOf) && !oneOf.some((one) => below(one))) return false;
  if (Array.isArray(allOf) && !allOf.every((one) => below(one))) return false;
  if (Array.isArray(value)) return itemsMeet(value, schema, below);
  return isObject(value) ? propertiesMeet(value, schema, below) : true;
}

type Below = (schema: unknown, value: unknown) => boolean;

function itemsMeet(value: readonly unknown[], { items }: Schema, below: Below): boolean {
  return !isObject(items) || value.every((item) => below(items, item));
}

function propertiesMeet(value: Schema, schema: Schema, below: Below): boolean {
  const { required, additionalProperties } = schema;
  const properties = isObject(schema.properties) ? schema.properties : {};
  if (Array.isArray(required) && !required.every((name) => Object.hasOwn(value, String(name)))) {
    return false;
  }
  return Object.entries(value).every(([name, held]) => {
    if (Object.hasOwn(properties, name)) return below(properties[name], held);
    return additionalProperties === undefined || below(additionalProperties, held);
  });
}

function isAllowed(value: unknown, schema: Schema): boolean {
  const text = JSON.stringify(value);
  if (Array.isArray(schema.enum) && !schema.enum.some((one) => JSON.stringify(one) === text)) {
    return false;
  }
  return !Object.hasOwn(schema, 'const') || JSON.stringify(schema.const) === text;
}

function hasType(value: unknown, type: unknown): boolean {
  const types = Array.isArray(type) ? type : [type];
  return types.some((name) => {
    if (name === 'integer') return Number.isInteger(value);
    if (name === 'null') return value === null;
    if (name === 'array') return Array.isArray(value);
    if (name === 'object') return isObject(value);
    return typeof name !== 'string' || typeof value === name;
  });
}

/** What a reference inside of the schema means: `#/$defs/step`. */
function resolve(reference: string, root: unknown): unknown {
  if (!reference.startsWith('#')) return true;
  return reference
    .slice(1)
    .split('/')
    .filter((part) => part !== '')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((at, part) => (isObject(at) ? at[part] : true), root);
}
