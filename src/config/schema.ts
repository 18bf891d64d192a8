import type { z } from 'zod';
import { DEFAULT_ADMIN_LISTEN, DEFAULT_LISTEN, isSafeUrl } from './addresses.ts';
import { batchSchema } from './batch-schema.ts';
import { cacheSchema } from './cache-schema.ts';
import { callerJwtSchema, callersSchema } from './callers-schema.ts';
import { baseUrl, choice, filePath, flag, group, onceRight, proxy, token } from './fields.ts';
import { hedgeSchema } from './hedge-schema.ts';
import { hostedToolsSchema } from './hosted-tools-schema.ts';
import {
  adminSchema,
  listeners,
  oneListener,
  openAddress,
  refuseOpenDoors,
} from './listeners-schema.ts';
import { catalogueSchema, profilesSchema, tasksSchema } from './models-schema.ts';
import { budgetsSchema, costManagementSchema } from './money-schema.ts';
import { duration } from './quantities.ts';
import {
  circuitBreakerSchema,
  fallbackSchema,
  rateLimitingSchema,
  retryPolicySchema,
} from './resilience-schema.ts';
import { routesSchema } from './routes-schema.ts';
import { drainSchema, errorsSchema, limitsSchema, overloadSchema } from './server-schema.ts';
import { ledgerSchema, redisSchema } from './storage-schema.ts';
import { logLevel, logSchema, telemetrySchema } from './telemetry-schema.ts';
import { timeoutsSchema } from './timeouts-schema.ts';
import { LONGEST, MINUTE } from './units.ts';
import {
  APIS,
  batchApi,
  KEYS_BESIDE_TOKEN,
  keysSchema,
  noKeysBesideToken,
  safeUnless,
  targetsSchema,
  upstreamShape,
} from './upstreams-schema.ts';

export const DEFAULT_BASE_URL = 'https://api.openai.com/v1';

/** The configuration file. What is written here is what docs/configuration.md explains. */
export const configSchema = group({
  defaultModel: token()
    // Active without a shutdown date, general (tools, images, 400K tokens), 0.75 USD per million.
    .default('gpt-5.4-mini')
    .describe('Model of requests that name none; default gpt-5.4-mini.'),
  apiKeyFile: filePath()
    .exactOptional()
    .describe(
      'Path of a file that holds the API key and nothing else. No default; OPENAI_API_KEY and OPENAI_API_KEY_FILE win over it.',
    ),
  keys: keysSchema.describe(
    'Further API keys, beside that of OPENAI_API_KEY, OPENAI_API_KEY_FILE or apiKeyFile; default [].',
  ),
  baseUrl: baseUrl()
    .prefault(DEFAULT_BASE_URL)
    .describe(
      "The upstream, with the version's path. An http or https URL without credentials, query and fragment; default https://api.openai.com/v1.",
    ),
  insecureBaseUrl: flag(
    'Whether baseUrl may be an http URL beyond this machine: key, prompts and answers can then be read on their way.',
    false,
  ),
  batchApi: batchApi(),
  ...upstreamShape,
  proxy: proxy()
    .prefault('environment')
    .describe(
      'HTTP proxy on the way to upstreams: environment (HTTPS_PROXY, HTTP_PROXY and NO_PROXY), none, or the http or https URL of one without credentials. Never used to reach this machine; default environment.',
    ),
  caFile: filePath()
    .exactOptional()
    .describe(
      'Path of a PEM file whose certificates are trusted beside the default roots, of upstreams and proxies; read again when it changes. No default.',
    ),
  api: choice(
    "The upstream's API over which models are asked that have both; auto chooses by model, request and upstream.",
    APIS,
    'auto',
  ),
  sendTraceState: flag(
    'Whether the tracestate of a caller goes on to upstreams, who then see what its tracing systems wrote there; traceparent always does.',
    false,
  ),
  dropUnsupported: flag(
    'Whether sampling parameters that a model does not take are left out with a warning instead of refused.',
    false,
  ),
  catalogue: catalogueSchema.prefault({}).describe('What is known of models.'),
  hostedTools: hostedToolsSchema
    .prefault({})
    .describe("What the upstream may run on callers' behalf."),
  promptCache: choice(
    "Whether conversations without a prompt_cache_key get one of their own, so that the upstream's prompt cache is hit more often.",
    ['off', 'auto'],
    'off',
  ),
  profiles: profilesSchema,
  tasks: tasksSchema,
  timeout: duration('Deadline of calls that bring none. At most limits.maxDeadline.', {
    min: 1,
    max: LONGEST,
    default: 10 * MINUTE,
  }),
  timeouts: timeoutsSchema
    .prefault({})
    .describe('How long each part of an attempt at the upstream may take.'),
  retryPolicy: retryPolicySchema
    .prefault({})
    .describe('How often, and how long after a failure, the same target is asked again.'),
  hedge: hedgeSchema
    .prefault({})
    .describe('When a second attempt is made beside one that is silent; the first output wins.'),
  circuitBreaker: circuitBreakerSchema
    .prefault({})
    .describe('When a target, that is a model at an upstream, is given time to recover.'),
  rateLimiting: rateLimitingSchema.prefault({}).describe('What the upstream is sent at most.'),
  targets: targetsSchema,
  routes: routesSchema,
  fallback: fallbackSchema.prefault({}).describe('What is tried elsewhere, when, and where.'),
  costManagement: costManagementSchema.prefault({}).describe('What is known of money, and done.'),
  budgets: budgetsSchema,
  cache: cacheSchema
    .prefault({})
    .describe('Answers that are given again to calls that ask the same.'),
  dataDir: filePath()
    .exactOptional()
    .describe(
      'Directory of the ledger, of batches and of what cache.storage: sqlite keeps. No default; left out: the ledger is kept in memory and gone with the process, and there are no batches.',
    ),
  batch: batchSchema
    .prefault({})
    .describe('Requests that nobody waits for. They are kept in dataDir.'),
  ledger: ledgerSchema.prefault({}).describe('The record of what every attempt consumed.'),
  store: choice(
    'Where budgets, rate limits and totals are; redis: where several sidecars share them.',
    ['embedded', 'redis'],
    'embedded',
  ),
  redis: redisSchema.prefault({}).describe('The Redis or Valkey server of store: redis.'),
  limits: limitsSchema.prefault({}).describe('What one caller may ask for.'),
  errors: errorsSchema.prefault({}).describe('What callers are told of failures.'),
  overload: overloadSchema.prefault({}).describe('When new calls are refused to protect others.'),
  listen: listeners('Where the gRPC server listens.', DEFAULT_LISTEN),
  adminListen: oneListener(
    'Where /metrics, /livez, /readyz and the status page are.',
    DEFAULT_ADMIN_LISTEN,
  ),
  admin: adminSchema.prefault({}).describe('Who may look at what is at adminListen.'),
  healthListen: openAddress(
    'Where /livez and /readyz are, and nothing else: for probes, without TLS and token.',
  ),
  metricsListen: openAddress(
    'Where /metrics is, and nothing else: for scrapers, without TLS and token.',
  ),
  drain: drainSchema.prefault({}).describe('How the process stops.'),
  callers: callersSchema,
  callerJwt: callerJwtSchema
    .exactOptional()
    .describe('The JWTs of callers with a subject. No default; left out: no JWT is taken.'),
  reflection: flag('Whether the gRPC server tells its contract by reflection.', true),
  allowDispose: flag(
    'Whether callers may stop this process with Dispose, where there are no callers to have the right.',
    false,
  ),
  allowReload: flag(
    'Whether callers may have the configuration read again with ReloadConfig, where there are no callers to have the right.',
    false,
  ),
  logLevel,
  log: logSchema.prefault({}).describe('What is logged.'),
  telemetry: telemetrySchema.prefault({}).describe('What is told beside metrics and traces.'),
})
  .refine(({ timeout, limits }) => timeout <= limits.maxDeadlineMs, {
    path: ['timeout'],
    error: 'must not be longer than limits.maxDeadline',
    when: onceRight('timeout', 'limits'),
  })
  .refine(
    ({ costManagement: { trackingEnabled, budgetLimit }, budgets }) =>
      trackingEnabled || (budgetLimit === undefined && budgets.length === 0),
    {
      path: ['costManagement', 'trackingEnabled'],
      error: 'must be true for budgets to hold',
      when: onceRight('costManagement', 'budgets'),
    },
  )
  .refine(({ cache: { storage }, dataDir }) => storage !== 'sqlite' || dataDir !== undefined, {
    path: ['cache', 'storage'],
    error: 'must not be sqlite without a dataDir',
    when: onceRight('cache', 'dataDir'),
  })
  .refine(({ cache: { storage }, store }) => storage !== 'redis' || store === 'redis', {
    path: ['cache', 'storage'],
    error: 'must not be redis without store: redis',
    when: onceRight('cache', 'store'),
  })
  .refine(({ baseUrl, insecureBaseUrl }) => insecureBaseUrl || isSafeUrl(baseUrl), {
    path: ['baseUrl'],
    error: 'must be https beyond this machine, or insecureBaseUrl must be true',
    when: onceRight('baseUrl', 'insecureBaseUrl'),
  })
  .superRefine(refuseOpenDoors, { when: onceRight('listen', 'adminListen', 'admin', 'callers') })
  .superRefine(
    ({ callers, callerJwt }, context) => {
      for (const [index, { subject }] of callers.entries()) {
        if (subject === undefined || callerJwt !== undefined) continue;
        const message = 'needs callerJwt, which says whose JWTs are taken';
        context.addIssue({ code: 'custom', path: ['callers', index, 'subject'], message });
      }
    },
    { when: onceRight('callers', 'callerJwt') },
  )
  .refine(({ keys, bearerTokenFile }) => bearerTokenFile === undefined || keys.length === 0, {
    path: ['bearerTokenFile'],
    error: KEYS_BESIDE_TOKEN,
    when: onceRight('keys', 'bearerTokenFile'),
  })
  .meta({
    allOf: [
      safeUnless('insecureBaseUrl', ['object', 'null']),
      noKeysBesideToken(['object', 'null']),
    ],
    anyOf: [
      { required: ['callerJwt'] },
      {
        properties: {
          callers: { type: 'array', items: { type: 'object', not: { required: ['subject'] } } },
        },
      },
    ],
    if: {
      required: ['costManagement'],
      properties: {
        costManagement: {
          type: 'object',
          required: ['trackingEnabled'],
          properties: { trackingEnabled: { const: false } },
        },
      },
    },
    // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema; nobody awaits this.
    then: {
      properties: {
        costManagement: { type: 'object', not: { required: ['budgetLimit'] } },
        budgets: { type: 'array', maxItems: 0 },
      },
    },
  });

/**
 * What a configuration file says, defaults filled in, units in the names (`Ms`, `Bytes`), and amounts
 * of money in pico-dollars (10^-12 USD).
 */
export type Settings = z.output<typeof configSchema>;
