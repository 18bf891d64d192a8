import { isObject } from '../../core/is-object.ts';
import { Rejection } from './strict-error.ts';
import type { Fields } from './strict-values.ts';

/** Whose schema it is, for the message and the fields of the error. */
export interface SchemaOwner {
  /** `function 'get_weather'`. */
  readonly name: string;
  readonly param: string;
  readonly code: string | null;
}

const TYPES = new Set(['object', 'array', 'string', 'number', 'integer', 'boolean', 'null']);
const NOT_AT_THE_TOP = ['oneOf', 'anyOf', 'allOf', 'enum', 'not'];
const NOT_IN_STRICT = [
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
const STRICT_FORMATS = /^(?:date-time|time|date|duration|email|hostname|ipv4|ipv6|uuid)$/;

/** The rules for the parameters of every function, strict or not. */
export function checkFunctionSchema(schema: Fields, owner: SchemaOwner): void {
  if (schema.type !== 'object') {
    const got = schema.type === undefined ? 'None' : String(schema.type);
    throw fault(owner, `schema must be a JSON Schema of 'type: "object"', got 'type: "${got}"'.`);
  }
  if (NOT_AT_THE_TOP.some((keyword) => Object.hasOwn(schema, keyword))) {
    throw fault(
      owner,
      "schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level.",
    );
  }
  if (schema.properties === undefined) {
    throw fault(owner, 'In context=(), object schema missing properties.');
  }
  walk(schema, [], (node, context) => checkNode(node, context, owner));
}

/** The rules for the schema of an answer. */
export function checkAnswerSchema(schema: Fields, strict: boolean, owner: SchemaOwner): void {
  if (schema.type !== 'object') {
    const got = schema.type === undefined ? 'None' : String(schema.type);
    throw fault(owner, `schema must be a JSON Schema of 'type: "object"', got 'type: "${got}"'.`);
  }
  if (strict) checkStrictSchema(schema, owner);
}

/** The further rules for what the model must keep to. */
export function checkStrictSchema(schema: Fields, owner: SchemaOwner): void {
  walk(schema, [], (node, context) => {
    checkNode(node, context, owner);
    checkStrictNode(node, context, owner);
  });
}

type Visit = (node: Fields, context: readonly string[]) => void;

function walk(schema: unknown, context: readonly string[], visit: Visit): void {
  if (!isObject(schema)) return;
  visit(schema, context);
  for (const group of ['properties', '$defs', 'definitions']) {
    const { [group]: children } = schema;
    if (!isObject(children)) continue;
    for (const [name, child] of Object.entries(children)) {
      walk(child, [...context, group, name], visit);
    }
  }
  walk(schema.items, [...context, 'items'], visit);
  for (const group of ['anyOf', 'allOf', 'oneOf']) {
    const { [group]: children } = schema;
    if (!Array.isArray(children)) continue;
    for (const [index, child] of children.entries()) {
      walk(child, [...context, group, String(index)], visit);
    }
  }
}

function checkNode(node: Fields, context: readonly string[], owner: SchemaOwner): void {
  const { type, properties, required } = node;
  for (const each of Array.isArray(type) ? type : [type]) {
    if (each === undefined || (typeof each === 'string' && TYPES.has(each))) continue;
    throw fault(owner, `${JSON.stringify(each)} is not valid under any of the given schemas.`);
  }
  if (properties !== undefined && !isObject(properties)) {
    throw fault(owner, `${JSON.stringify(properties)} is not of type 'object'.`);
  }
  if (properties !== undefined) checkChildren(properties, owner);
  if (required !== undefined && !isListOfStrings(required)) {
    throw fault(owner, `${JSON.stringify(required)} is not of type 'array'.`);
  }
  if (type === 'array' && node.items === undefined) {
    throw fault(owner, `In context=${show(context)}, array schema missing items.`);
  }
}

function checkChildren(properties: Fields, owner: SchemaOwner): void {
  for (const child of Object.values(properties)) {
    if (isObject(child) || typeof child === 'boolean') continue;
    throw fault(owner, `${JSON.stringify(child)} is not of type 'object', 'boolean'.`);
  }
}

function checkStrictNode(node: Fields, context: readonly string[], owner: SchemaOwner): void {
  const at = `In context=${show(context)}`;
  const forbidden = NOT_IN_STRICT.find((keyword) => Object.hasOwn(node, keyword));
  if (forbidden !== undefined) throw fault(owner, `${at}, '${forbidden}' is not permitted.`);
  // Of a number, any is passed over.
  const mayBeText = node.type === undefined || [node.type].flat().includes('string');
  if (node.format !== undefined && mayBeText && !STRICT_FORMATS.test(String(node.format))) {
    throw fault(owner, `${at}, '${node.format}' is not a valid format.`);
  }
  const typed = ['type', 'anyOf', '$ref', 'enum', 'const'].some((key) => Object.hasOwn(node, key));
  if (!typed) throw fault(owner, `${at}, schema must have a 'type' key.`);
  if (node.type !== 'object' && !isObject(node.properties)) return;
  if (node.additionalProperties !== false) {
    throw fault(owner, `${at}, 'additionalProperties' is required to be supplied and to be false.`);
  }
  const required: readonly unknown[] = Array.isArray(node.required) ? node.required : [];
  const absent = Object.keys(isObject(node.properties) ? node.properties : {}).find(
    (name) => !required.includes(name),
  );
  if (absent !== undefined) {
    throw fault(
      owner,
      `${at}, 'required' is required to be supplied and to be an array including every key in properties. Missing '${absent}'.`,
    );
  }
}

function isListOfStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

function show(context: readonly string[]): string {
  return `(${context.map((step) => `'${step}'`).join(', ')})`;
}

function fault({ name, param, code }: SchemaOwner, problem: string): Rejection {
  return new Rejection(`Invalid schema for ${name}: ${problem}`, { param, code });
}
