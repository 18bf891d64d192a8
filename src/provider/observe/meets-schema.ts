import { isObject } from '../../core/is-object.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Levels that are looked into; what is below counts as right. */
const MAX_DEPTH = 32;

/**
 * Steps in which an answer is looked at, some ten ms; what is not seen by then counts as right. Alternatives that refer to
 * the schema they stand in take steps without an end.
 */
const MAX_STEPS = 20_000;

/** Characters of JSON that are written to be compared, in one step. */
const CHARACTERS_PER_STEP = 64;

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
    return new Look(root).meets(value, root, 0);
  } catch {
    return true;
  }
}

type Below = (schema: unknown, value?: unknown) => boolean;

/** At one answer. It throws when it has taken too many steps. */
class Look {
  readonly #root: unknown;
  #steps = 0;
  /** What of a schema allows single values, as JSON. */
  readonly #allowed = new Map<Schema, readonly ReadonlySet<string | undefined>[]>();

  constructor(root: unknown) {
    this.#root = root;
  }

  meets(value: unknown, schema: unknown, depth: number): boolean {
    this.#take(1);
    if (!isObject(schema)) return schema !== false;
    if (depth > MAX_DEPTH) return true;
    const below: Below = (inner, given = value) => this.meets(given, inner, depth + 1);
    const { $ref, anyOf, oneOf, allOf } = schema;
    if (typeof $ref === 'string' && !below(this.#resolve($ref))) return false;
    if (!this.#hasType(value, schema) || !this.#isAllowed(value, schema)) return false;
    if (Array.isArray(anyOf) && !anyOf.some((one) => below(one))) return false;
    if (Array.isArray(oneOf) && !oneOf.some((one) => below(one))) return false;
    if (Array.isArray(allOf) && !allOf.every((one) => below(one))) return false;
    if (Array.isArray(value)) return itemsMeet(value, schema, below);
    return isObject(value) ? this.#propertiesMeet(value, schema, below) : true;
  }

  #take(steps: number): void {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) throw new Error('It takes too long.');
  }

  #hasType(value: unknown, { type }: Schema): boolean {
    const types = Array.isArray(type) ? type : [type];
    this.#take(types.length);
    return types.some((name) => isA(value, name));
  }

  #isAllowed(value: unknown, schema: Schema): boolean {
    if (!Array.isArray(schema.enum) && !Object.hasOwn(schema, 'const')) return true;
    const text = JSON.stringify(value);
    this.#take(text.length / CHARACTERS_PER_STEP);
    const known = this.#allowed.get(schema) ?? allowedBy(schema);
    this.#allowed.set(schema, known);
    return known.every((texts) => texts.has(text));
  }

  #propertiesMeet(value: Schema, schema: Schema, below: Below): boolean {
    const { required, additionalProperties } = schema;
    const properties = isObject(schema.properties) ? schema.properties : {};
    if (Array.isArray(required)) {
      this.#take(required.length);
      if (!required.every((name) => Object.hasOwn(value, String(name)))) return false;
    }
    const held = Object.entries(value);
    this.#take(held.length);
    return held.every(([name, one]) => {
      if (Object.hasOwn(properties, name)) return below(properties[name], one);
      return additionalProperties === undefined || below(additionalProperties, one);
    });
  }

  /** What a reference inside of the schema means: `#/$defs/step`. */
  #resolve(reference: string): unknown {
    if (!reference.startsWith('#')) return true;
    this.#take(reference.length / CHARACTERS_PER_STEP);
    return reference
      .slice(1)
      .split('/')
      .filter((part) => part !== '')
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>((at, part) => (isObject(at) ? at[part] : true), this.#root);
  }
}

function itemsMeet(value: readonly unknown[], { items }: Schema, below: Below): boolean {
  return !isObject(items) || value.every((item) => below(items, item));
}

/** A value must be in each of them. */
function allowedBy(schema: Schema): readonly ReadonlySet<string | undefined>[] {
  const sets: ReadonlySet<string | undefined>[] = [];
  if (Array.isArray(schema.enum)) sets.push(new Set(schema.enum.map((one) => JSON.stringify(one))));
  if (Object.hasOwn(schema, 'const')) sets.push(new Set([JSON.stringify(schema.const)]));
  return sets;
}

function isA(value: unknown, type: unknown): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isObject(value);
  return typeof type !== 'string' || typeof value === type;
}
