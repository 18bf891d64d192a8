import { Ajv2020 } from 'ajv/dist/2020.js';
import { jsonObjectProblem } from './json-object.ts';
import { strictSchemaProblem } from './strict-schema.ts';
import { TextMemo } from './text-memo.ts';

const META_SCHEMA = 'https://json-schema.org/draft/2020-12/schema';

/** Keeps the schemas of some hundred tools, and no more memory than 8 MiB. */
const MAX_REMEMBERED_LENGTH = 4 * 1024 * 1024;

/** Longer places say no more to people, and errors travel in a trailer. */
const MAX_PLACE_LENGTH = 128;

const problems = new TextMemo(schemaProblem, MAX_REMEMBERED_LENGTH);
const strictProblems = new TextMemo(
  (text) => problems.get(text) ?? strictSchemaProblem(JSON.parse(text)),
  MAX_REMEMBERED_LENGTH,
);

/**
 * Why `text` is not a JSON Schema (draft 2020-12) that can be sent on, undefined
 * if it is one. `strict` ones must keep to OpenAI's rules for these as well.
 */
export function jsonSchemaProblem(text: string, strict = false): string | undefined {
  return (strict ? strictProblems : problems).get(text);
}

function schemaProblem(text: string): string | undefined {
  const problem = jsonObjectProblem(text);
  if (problem !== undefined) return problem;
  const isSchema = metaSchema();
  if (isSchema(JSON.parse(text))) return undefined;
  const { instancePath = '', message = '' } = isSchema.errors?.[0] ?? {};
  const place =
    instancePath === '' ? '' : `: ${instancePath.slice(0, MAX_PLACE_LENGTH)} ${message}`;
  return `must be a JSON Schema (draft 2020-12)${place}`;
}

let compiled: ReturnType<typeof compile> | undefined;

/** Compiled at first use: it takes some ten ms, which a process without tools need not spend. */
function metaSchema() {
  compiled ??= compile();
  return compiled;
}

/** The schemas are the callers': keywords that the draft does not know are the upstream's affair. */
function compile() {
  return new Ajv2020({ strict: false }).compile({ $ref: META_SCHEMA });
}
