import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { readJsonObject } from './json-object.ts';
import { TextMemo } from './text-memo.ts';

const DRAFT_2020 = 'https://json-schema.org/draft/2020-12/schema';
const DRAFT_7 = 'http://json-schema.org/draft-07/schema';

/** Keeps the schemas of some hundred tools, and no more memory than 8 MiB. */
const MAX_REMEMBERED_LENGTH = 4 * 1024 * 1024;

/** Longer places say no more to people, and errors travel in a trailer. */
const MAX_PLACE_LENGTH = 128;

/** As many problems of a schema are told. */
export const MAX_SCHEMA_PROBLEMS = 16;

/**
 * Of a longer schema the first problem is told alone. To find all, ajv compares the items of a list in pairs and
 * copies what it has found at each step: a list of 256 KiB took a minute.
 */
const MAX_LENGTH_FOR_ALL = 4 * 1024;

const problems = new TextMemo(schemaProblems, MAX_REMEMBERED_LENGTH);

/**
 * Why `text` is not a JSON Schema that can be sent on: all there is, for each place once. Empty if it
 * is one, of draft 2020-12 or of draft 7, whose tuples many libraries still write.
 */
export function jsonSchemaProblems(text: string): readonly string[] {
  return problems.get(text);
}

function schemaProblems(text: string): readonly string[] {
  const reading = readJsonObject(text);
  if ('problem' in reading) return [reading.problem];
  const { value: schema } = reading;
  const named = String(schema.$schema).startsWith(DRAFT_7);
  const [first, second] = named ? [draft7, draft2020] : [draft2020, draft7];
  if (first.allows(schema) || second.allows(schema)) return [];
  return first.faultsOf(schema, text.length <= MAX_LENGTH_FOR_ALL);
}

type Rules = ReturnType<Ajv['compile']>;

/** The rules of one draft. */
class Draft {
  readonly #name: string;
  readonly #compile: (allErrors: boolean) => Rules;
  /** Those that find all faults, and those that leave off at the first. */
  readonly #compiled = new Map<boolean, Rules>();

  constructor(name: string, compile: (allErrors: boolean) => Rules) {
    this.#name = name;
    this.#compile = compile;
  }

  allows(schema: object): boolean {
    return this.#rules(false)(schema) === true;
  }

  /** @param all whether to look for more than the first */
  faultsOf(schema: object, all: boolean): readonly string[] {
    const rules = this.#rules(all);
    rules(schema);
    const byPlace = new Map<string, string>();
    for (const { instancePath, message = '' } of rules.errors ?? []) {
      // Where one rule is broken, others that say the same in general are, too.
      if (!byPlace.has(instancePath)) byPlace.set(instancePath, message);
    }
    return [...byPlace].slice(0, MAX_SCHEMA_PROBLEMS).map(([place, message]) => {
      return `must be a JSON Schema (${this.#name})${place && `: ${place.slice(0, MAX_PLACE_LENGTH)} ${message}`}`;
    });
  }

  /** Compiled at first use: it takes some ten ms, which a process without tools need not spend. */
  #rules(all: boolean): Rules {
    const rules = this.#compiled.get(all) ?? this.#compile(all);
    this.#compiled.set(all, rules);
    return rules;
  }
}

/** The schemas are the callers': keywords that the draft does not know are the upstream's affair. */
const OPTIONS = { strict: false };

const draft2020 = new Draft('draft 2020-12', (allErrors) =>
  new Ajv2020({ ...OPTIONS, allErrors }).compile({ $ref: DRAFT_2020 }),
);
const draft7 = new Draft('draft 7', (allErrors) =>
  new Ajv({ ...OPTIONS, allErrors }).compile({ $ref: `${DRAFT_7}#` }),
);
