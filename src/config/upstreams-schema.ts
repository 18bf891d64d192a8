import { z } from 'zod';
import { isSafeUrl } from './addresses.ts';
import {
  baseUrl,
  choice,
  filePath,
  flag,
  group,
  label,
  map,
  onceRight,
  proxy,
  token,
  variableName,
} from './fields.ts';
import { SAFE_URL, whole } from './patterns.ts';
import { wholeNumber } from './quantities.ts';
import { rateLimitingSchema, targetCircuitBreakerSchema } from './resilience-schema.ts';
import { targetTimeoutsSchema } from './timeouts-schema.ts';

export const APIS = ['auto', 'chat_completions', 'responses'] as const;

/** Of targets and budgets. */
const TARGET_NAME = /^(?!default$)[a-z0-9][a-z0-9-]{0,62}$/;
const API_VERSION = /^[A-Za-z0-9._-]{1,64}$/;

const apiVersionError = 'must be an API version, such as 2024-10-21 or preview';

const key = group(
  {
    file: filePath()
      .exactOptional()
      .describe('Path of a file that holds the key and nothing else. No default.'),
    environment: variableName()
      .exactOptional()
      .describe('Name of the environment variable that holds the key. No default.'),
    weight: wholeNumber('Share of the calls it gets, in relation to the other keys.', {
      min: 1,
      max: 1000,
      default: 1,
    }),
    quotaGroup: label()
      .exactOptional()
      .describe(
        "Keys with the same name here share their rate limits; left out: the upstream's answers tell.",
      ),
  },
  'must be a group of keys: file or environment, weight and quotaGroup; never an API key itself',
)
  .refine(({ file, environment }) => (file === undefined) !== (environment === undefined), {
    error: 'must name either a file or an environment variable',
    when: ({ issues }) =>
      issues.every(({ path }) => path?.[0] === 'weight' || path?.[0] === 'quotaGroup'),
  })
  .meta({ oneOf: [{ required: ['file'] }, { required: ['environment'] }] });

/** API keys, by where each is. */
export const keysSchema = z.array(key, 'must be a list').default([]);

/** Of the top level and of targets. */
export function batchApi() {
  return choice(
    "Whether the upstream has OpenAI's Batch API; auto: at OpenAI, elsewhere (Azure, too) only for batches that ask for it.",
    ['auto', 'on', 'off'],
    'auto',
  );
}

export const KEYS_BESIDE_TOKEN = 'takes the place of all keys: leave out one of the two';

/** What top level and targets say in the same words. */
export const upstreamShape = {
  bearerTokenFile: filePath()
    .exactOptional()
    .describe(
      'Path of a file that holds a bearer token and nothing else, read again when it changes, as workload identity writes it; sent in place of any API key. No default.',
    ),
  organization: token().exactOptional().describe('OpenAI-Organization header. No default.'),
  project: token().exactOptional().describe('OpenAI-Project header. No default.'),
  apiVersion: z
    .string(apiVersionError)
    .regex(API_VERSION, apiVersionError)
    .exactOptional()
    .describe("Azure's api-version. No default."),
  allowStored: flag(
    'Whether the upstream may store answers while their call runs, so that a break can be mended (recovery RESUME). Not with zero data retention; without dataDir they stay there if the process is killed.',
    false,
  ),
  keyHeader: choice(
    'Header that carries the key; auto is api-key at Azure and authorization elsewhere.',
    ['auto', 'authorization', 'api-key'],
    'auto',
  ),
  models: map(token(), token(), 'must have the name of a model')
    .default({})
    .describe('Names under which the upstream knows models, such as deployments; default {}.'),
};

const target = group({
  baseUrl: baseUrl().describe(
    "The upstream, with the version's path. An http or https URL without credentials, query and fragment. No default.",
  ),
  insecure: flag(
    'Whether baseUrl may be an http URL beyond this machine: keys, prompts and answers can then be read on their way.',
    false,
  ),
  keys: keysSchema.describe('API keys; none for an upstream that wants none; default [].'),
  ...upstreamShape,
  api: choice('The API over which models are asked that have both.', APIS, 'auto'),
  proxy: proxy()
    .exactOptional()
    .describe('HTTP proxy on the way to it; left out: as the top level says. No default.'),
  caFile: filePath()
    .exactOptional()
    .describe(
      'Path of a PEM file whose certificates are trusted beside the default roots, read again when it changes; left out: as the top level says. No default.',
    ),
  unknownModels: choice(
    'Models that neither the catalogue knows nor catalogue.declared names; auto refuses them at OpenAI and allows them elsewhere.',
    ['auto', 'refuse', 'allow'],
    'auto',
  ),
  batchApi: batchApi(),
  timeouts: targetTimeoutsSchema
    .prefault({})
    .describe('Where they differ from the timeouts of the top level.'),
  rateLimiting: rateLimitingSchema
    .prefault({})
    .describe('What the target is sent at most; nothing is taken from the top level.'),
  circuitBreaker: targetCircuitBreakerSchema
    .prefault({})
    .describe('Where it differs from the circuitBreaker of the top level.'),
})
  .refine(({ baseUrl, insecure }) => insecure || isSafeUrl(baseUrl), {
    path: ['baseUrl'],
    error: 'must be https beyond this machine, or insecure must be true',
    when: onceRight('baseUrl', 'insecure'),
  })
  .refine(({ keys, bearerTokenFile }) => bearerTokenFile === undefined || keys.length === 0, {
    path: ['bearerTokenFile'],
    error: KEYS_BESIDE_TOKEN,
    when: onceRight('keys', 'bearerTokenFile'),
  })
  .meta({ allOf: [safeUnless('insecure'), noKeysBesideToken()] });

/**
 * The rule above for JSON Schema.
 *
 * @param type of what the flag stands in
 */
export function safeUnless(flagName: string, type: 'object' | ['object', 'null'] = 'object') {
  return {
    anyOf: [
      { type, properties: { baseUrl: { type: 'string', pattern: whole(`\\s*${SAFE_URL}\\s*`) } } },
      { type, required: [flagName], properties: { [flagName]: { const: true } } },
    ],
  };
}

/** The same for the keys beside a token. */
export function noKeysBesideToken(type: 'object' | ['object', 'null'] = 'object') {
  return {
    anyOf: [
      { type, not: { type, required: ['bearerTokenFile'] } },
      { type, properties: { keys: { type: 'array', maxItems: 0 } } },
    ],
  };
}

export const targetsSchema = map(
  z.string().regex(TARGET_NAME),
  target,
  'must have a name of 1 to 63 lower-case letters, digits and hyphens other than default',
)
  .prefault({})
  .describe('Further upstreams, by name, for fallback; default {}.');
