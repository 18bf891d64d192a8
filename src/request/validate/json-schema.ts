import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { jsonObjectProblem } from './json-object.ts';
import { TextMemo } from './text-memo.ts';

const DRAFT_2020 = 'https://json-schema.org/draft/2020-12/schema';
const DRAFT_7 = 'http://json-schema.org/draft-07/schema';

/** Keeps the schemas of some hundred tools, and no more memory than 8 MiB. */
const MAX_REMEMBERED_LENGTH = 4 * 1024 * 1024;

/** Longer places say no more to people, and errors travel in a trailer. */
const MAX_PLACE_LENGTH = 128;

/** As many problems of a schema are told. */
export const MAX_SCHEMA_PROBLEMS = 16;

const problems = new TextMemo(schemaProblems, MAX_REMEMBERED_LENGTH);

/**
 * Why `text` is not a JSON Schema that can be sent on: all there is, for each place once. Empty if it
 * is one, of draft 2020-12 or of draft 7, whose tuples many libraries still write.
 */
export function jsonSchemaProblems(text: string): readonly string[] {
  return problems.get(text);
}

function schemaProblems(text: string): readonly string[] {
  const problem = jsonObjectProblem(text);
  if (problem !== undefined) return [problem];
  const schema: { readonly $schema?: unknown } = JSON.parse(text);
  const named = String(schema.$schema).startsWith(DRAFT_7);
  const [first, second] = named ? [draft7, draft2020] : [draft2020, draft7];
  const faults = first.faultsOf(schema);
  return faults.length === 0 || second.faultsOf(schema).length === 0 ? [] : faults;
}

/** The rules of one draft. */
class Draft {
  readonly #name: string;
  readonly #compile: () => ReturnType<Ajv['compile']>;
  /** Compiled at first use: it takes some ten ms, which a process without tools need not spend. */
  #rules: ReturnType<Ajv['compile']> | undefined;

  constructor(name: string, compile: () => ReturnType<Ajv['compile']>) {
    this.#name = name;
    this.#compile = compile;
  }

  faultsOf(schema: object): readonly string[] {
    this.#rules ??= this.#compile();
    if (this.#rules(schema)) return [];
    const byPlace = new Map<string, string>();
    for (const { instancePath, message = '' } of this.#rules.errors ?? []) {
      // Where one rule is broken, others that say the same in general are, too.
      if (!byPlace.has(instancePath)) byPlace.set(instancePath, message);
    }
    return [...byPlace].slice(0, MAX_SCHEMA_PROBLEMS).map(([place, message]) => {
      return `must be a JSON Schema (${this.#name})${place && `: ${place.slice(0, MAX_PLACE_LENGTH)} ${message}`}`;
    });
  }
}

/** The schemas are the callers': keywords that the draft does not know are the upstream's affair. */
const OPTIONS = { strict: false, allErrors: true };

const draft2020 = new Draft('draft 2020-12', () =>
  new Ajv2020(OPTIONS).compile({ $ref: DRAFT_2020 }),
);
const draft7 = new Draft('draft 7', () => new Ajv(OPTIONS).compile({ $ref: `${DRAFT_7}#` }));
