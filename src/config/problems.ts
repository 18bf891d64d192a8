import { z } from 'zod';
import { bare, suggest } from './suggest.ts';

export interface ConfigProblem {
  /** Key (`timeouts.idle`, `listen[1]`), environment variable, or file. */
  readonly path: string;
  /** A sentence fragment for people. Never holds a value, which might be a secret. */
  readonly message: string;
  /** Where it was written: the configuration file's path, or `environment`. */
  readonly source: string;
}

/** Notes a problem and goes on, so that all of them are told at once. */
export type Report = (problem: ConfigProblem) => void;

export const ENVIRONMENT_SOURCE = 'environment';

/** Every problem of the configuration at once. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(({ path, message }) => `${path}: ${message}`).join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

interface Explained {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What `schema` found amiss, each once: a text in the place of a list is too long for one as well. */
export function explainIssues(
  issues: readonly z.core.$ZodIssue[],
  schema: z.core.$ZodType,
): readonly Explained[] {
  const guess = fewTimes(MAX_GUESSES, meantBy(schema));
  const all = issues.flatMap((issue) => explainIssue(issue, guess));
  return [...new Map(all.map((one) => [`${formatPath(one.path)}: ${one.message}`, one])).values()];
}

/** Unknown keys of which it is said what may have been meant: more than anybody reads, in a file that is none of ours. */
const MAX_GUESSES = 100;

/** What to say of an unknown key of the group at `path`. */
type Guess = (key: string, path: readonly PropertyKey[]) => string;

function meantBy(schema: z.core.$ZodType): Guess {
  return (key, path) =>
    unknownKey(key, keysAt(path, schema), path.length === 0 ? groupsWith(key, schema) : []);
}

function fewTimes(most: number, guess: Guess): Guess {
  let count = 0;
  return (key, path) => {
    count += 1;
    return count > most ? UNKNOWN_KEY : guess(key, path);
  };
}

/** What is amiss at one place; unknown keys one by one. */
function explainIssue(issue: z.core.$ZodIssue, guess: Guess): readonly Explained[] {
  if (issue.code === 'invalid_union') return explainUnion(issue, guess);
  if (issue.code !== 'unrecognized_keys') return [issue];
  const { keys, path } = issue;
  return keys.map((key) => ({ path: [...path, key], message: guess(key, path) }));
}

/** What is amiss within the one alternative that was meant, or that none of them is met. */
function explainUnion(issue: z.core.$ZodIssueInvalidUnion, guess: Guess): readonly Explained[] {
  const meant = issue.errors.find((issues) =>
    issues.every(({ code, path }) => code === 'unrecognized_keys' || path.length > 0),
  );
  if (meant === undefined) return [issue];
  return meant.flatMap((inner) =>
    explainIssue({ ...inner, path: [...issue.path, ...inner.path] }, guess),
  );
}

/** Whether the name is one under which people write an API key. */
export function namesApiKey(key: string): boolean {
  return /^(openai)?apikeys?$/.test(bare(key));
}

/** The groups of the top level that have such a key, which may have lost its indentation. */
function groupsWith(key: string, schema: z.core.$ZodType): readonly string[] {
  return keysAt([], schema).filter((group) =>
    // In itself, or in the members of a list.
    [[group], [group, 0]].some((path) => keysAt(path, schema).includes(key)),
  );
}

const UNKNOWN_KEY = 'unknown key';

function unknownKey(key: string, known: readonly string[], groups: readonly string[]): string {
  if (namesApiKey(key) && !known.includes('apiKeys')) {
    const place = known.includes('apiKeyFile')
      ? 'set OPENAI_API_KEY or OPENAI_API_KEY_FILE, or name a file in apiKeyFile or keys'
      : 'name a file or a variable that holds it in keys';
    return `an API key does not belong into this file: ${place}`;
  }
  const within = groups.map((group) => `${group}.${key}`).join(' or ');
  const suggestion = suggest(key, known) ?? (within || beginningLike(key, known));
  return suggestion === undefined ? UNKNOWN_KEY : `${UNKNOWN_KEY}; did you mean ${suggestion}?`;
}

/** The longest known key that is more, or less, of the same: `retry`, `listenAddress`, `timeouts.idle`. */
function beginningLike(key: string, known: readonly string[]): string | undefined {
  const written = bare(key);
  return known
    .toSorted((a, b) => b.length - a.length)
    .find((candidate) => {
      const [shorter = '', longer = ''] = [written, bare(candidate)].toSorted(
        (a, b) => a.length - b.length,
      );
      return shorter.length >= 4 && longer.startsWith(shorter);
    });
}

/** The keys that the schema knows in the group at `path`. */
function keysAt(path: readonly PropertyKey[], schema: z.core.$ZodType): readonly string[] {
  let found: z.core.$ZodType | undefined = schema;
  for (const key of path) found = below(found, key);
  const bare = unwrapped(found);
  if (bare instanceof z.ZodObject) return Object.keys(bare.shape);
  // A map of a closed set of keys, such as the tasks.
  const names = bare instanceof z.ZodRecord ? bare.keyType : undefined;
  return names instanceof z.ZodEnum ? names.options.map(String) : [];
}

/** The schema of a member of a group, a list or a map. */
function below(schema: z.core.$ZodType | undefined, key: PropertyKey): z.core.$ZodType | undefined {
  const bare = unwrapped(schema);
  if (bare instanceof z.ZodObject) return bare.shape[String(key)];
  if (bare instanceof z.ZodArray) return bare.element;
  return bare instanceof z.ZodRecord ? bare.valueType : undefined;
}

function unwrapped(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodPipe) return unwrapped(schema.in);
  if (schema instanceof z.ZodUnion) return unwrapped(schema.options.find(isGroupOrList));
  const isWrapper =
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodExactOptional ||
    schema instanceof z.ZodNullable;
  return isWrapper ? unwrapped(schema.unwrap()) : schema;
}

/** Of the alternatives of a value, the one in which there are others. */
function isGroupOrList(schema: z.core.$ZodType): boolean {
  const bare = unwrapped(schema);
  return bare instanceof z.ZodObject || bare instanceof z.ZodArray;
}

/** `listen[1]`; a key that is no plain word is quoted, for a problem has one line. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((key) => {
      if (typeof key === 'number') return `[${key}]`;
      const name = String(key);
      return `.${/^[\w-]{1,64}$/.test(name) ? name : JSON.stringify(name.slice(0, 64))}`;
    })
    .join('')
    .replace(/^\./, '');
}
