import { z } from 'zod';
import { HTTP_URL, matcher, whole } from './patterns.ts';

/**
 * Builders of the schema's fields. Each says the same sentence for whatever is wrong with a value,
 * and never repeats the value: it may be a secret in the wrong place. What a check of the program's
 * own demands is said once more in `meta`, for config.schema.json.
 */

const BASE_URL = whole(`\\s*${HTTP_URL}\\s*`);
const PROXY = whole(`environment|none|${HTTP_URL}`);

/** What stands behind a base URL in the URL of one request, which is what people copy. */
const ENDPOINTS = /\/(?:chat\/completions|completions|responses|embeddings|models)$/;

export function flag(meaning: string, fallback: boolean) {
  return z
    .boolean('must be true or false')
    .default(fallback)
    .describe(`${meaning} true or false; default ${fallback}.`);
}

export function choice<const T extends readonly [string, ...string[]]>(
  meaning: string,
  values: T,
  fallback: NoInfer<T[number]>,
) {
  return z
    .enum(values, `must be one of ${values.join(', ')}`)
    .prefault(fallback)
    .describe(`${meaning} One of ${values.join(', ')}; default ${fallback}.`);
}

/** Text that can travel in an HTTP header: visible ASCII, at least one character, no space. */
export function token() {
  const error = 'must be visible ASCII characters without a space, at most 256';
  return z.string(error).regex(/^[!-~]{1,256}$/, error);
}

/** A name that the author of the file gives to something. */
export function label() {
  const error = 'must be 1 to 63 lower-case letters, digits and hyphens';
  return z.string(error).regex(/^[a-z0-9][a-z0-9-]{0,62}$/, error);
}

/** Of environment variables, as every shell takes them. */
export const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/;

export function variableName() {
  const error = 'must be the name of an environment variable';
  return z.string(error).regex(VARIABLE_NAME, error);
}

export function filePath() {
  const error = 'must be the path of a file';
  return z.string(error).min(1, error);
}

/**
 * An http or https URL without user, query and fragment. Parsed to one without closing slash, without
 * the white space around it and without the path of one request, such as /chat/completions.
 */
export function baseUrl() {
  const isBaseUrl = matcher(BASE_URL);
  const error = 'must be an http or https URL without credentials, query and fragment';
  return z
    .string(error)
    .refine((text) => isBaseUrl(text) && URL.canParse(text.trim()), error)
    .meta({ pattern: BASE_URL })
    .transform((url) => withoutSlash(withoutSlash(url.trim()).replace(ENDPOINTS, '')));
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}

/** `environment`, `none`, or an http or https URL without user, query and fragment. */
export function proxy() {
  const isProxy = matcher(PROXY);
  const error =
    'must be environment, none, or an http or https URL without credentials, query and fragment';
  return z
    .string(error)
    .refine((text) => isProxy(text) && (!text.includes(':') || URL.canParse(text)), error)
    .meta({ pattern: PROXY });
}

/** Keys that belong together, unknown ones refused. */
export function group<T extends z.core.$ZodLooseShape>(
  shape: T,
  error = 'must be a group of keys',
) {
  return z.strictObject(shape, error);
}

/** Groups or values under names that the file's author chooses. */
export function map<K extends z.core.$ZodRecordKey, V extends z.ZodType>(
  name: K,
  member: V,
  badName: string,
) {
  return z.record(name, member, {
    error: ({ code }) => (code === 'invalid_key' ? badName : 'must be a group of keys'),
  });
}

/** Values by the name or a pattern of models. */
export function byModel<V extends z.ZodType>(value: V) {
  return map(token(), value, 'must have the name or a pattern of models');
}

type Defaulted = z.ZodDefault | z.ZodPrefault;

type Overrides<T extends Readonly<Record<string, Defaulted>>> = {
  [K in keyof T]: z.ZodExactOptional<ReturnType<T[K]['unwrap']>>;
};

/** The same keys without their defaults: what is left out here applies as it does anyway. */
export function overrides<T extends Readonly<Record<string, Defaulted>>>(shape: T): Overrides<T> {
  const fields = Object.entries(shape).map(([key, field]) => {
    const [meaning = ''] = field.description?.split('; default ') ?? [];
    return [
      key,
      z.exactOptional(field.unwrap()).describe(`${meaning}; default: what applies without it.`),
    ];
  });
  return Object.fromEntries(fields);
}

type InMs<T> = { [K in keyof T as `${K & string}Ms`]: T[K] };

/** Durations under names that tell their unit, as the rest of the program knows them. */
export function inMs<T extends object>(durations: T): InMs<T> {
  const named = Object.entries(durations).map(([key, value]) => [`${key}Ms`, value]);
  return Object.fromEntries(named);
}

/**
 * When a check over these keys of a group makes sense: as soon as they are right themselves, and so
 * also beside problems elsewhere, for all are told at once.
 */
export function onceRight(...keys: readonly PropertyKey[]) {
  return ({ issues }: z.core.ParsePayload) =>
    issues.every(({ code, path: [key] = [] }) =>
      key === undefined ? code === 'unrecognized_keys' : !keys.includes(key),
    );
}
