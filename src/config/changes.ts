import type { z } from 'zod';
import type { configSchema } from './schema.ts';

type Keys = z.input<typeof configSchema>;

/** `live`: it holds for calls that begin after a reload. `restart`: it waits for the next start. */
type When = 'live' | 'restart';

type Whens = {
  readonly [Key in keyof Keys]-?:
    | When
    | { readonly [Member in keyof NonNullable<Keys[Key]>]-?: When };
};

/**
 * When a change of a key holds. What waits for a restart is what the process has opened by then: its
 * listeners, its database and its connection to others.
 */
export const WHENS = {
  defaultModel: 'live',
  apiKeyFile: 'live',
  keys: 'live',
  baseUrl: 'live',
  insecureBaseUrl: 'live',
  batchApi: 'live',
  allowStored: 'live',
  apiVersion: 'live',
  bearerTokenFile: 'live',
  keyHeader: 'live',
  models: 'live',
  organization: 'live',
  project: 'live',
  proxy: 'live',
  caFile: 'live',
  api: 'live',
  sendTraceState: 'live',
  dropUnsupported: 'live',
  catalogue: 'live',
  hostedTools: 'live',
  promptCache: 'live',
  profiles: 'live',
  tasks: 'live',
  timeout: 'live',
  timeouts: 'live',
  retryPolicy: 'live',
  circuitBreaker: 'live',
  hedge: 'live',
  rateLimiting: 'live',
  targets: 'live',
  routes: 'live',
  fallback: 'live',
  costManagement: {
    trackingEnabled: 'restart',
    budgetLimit: 'live',
    budgetPeriod: 'live',
    alertThreshold: 'live',
    minOutputTokens: 'live',
    maxWait: 'live',
    unpriced: 'live',
  },
  budgets: 'live',
  cache: {
    enabled: 'live',
    ttl: 'live',
    deterministicOnly: 'live',
    allowToolCalls: 'live',
    maxBytes: 'live',
    maxEntries: 'live',
    storage: 'restart',
    share: 'live',
    allowInvalidate: 'live',
    models: 'live',
    tasks: 'live',
  },
  dataDir: 'restart',
  batch: 'restart',
  ledger: 'restart',
  store: 'restart',
  redis: 'restart',
  limits: {
    maxMessageSize: 'restart',
    maxConnections: 'live',
    idleTimeout: 'live',
    maxConnectionAge: 'live',
    maxConcurrentStreams: 'restart',
    maxDeadline: 'live',
    stallTimeout: 'restart',
  },
  errors: 'live',
  overload: {
    maxCalls: 'live',
    maxConnectionShare: 'live',
    maxEventLoopDelay: 'live',
    maxRequestsSize: 'live',
    maxRequestShare: 'live',
    maxHeapShare: 'live',
    maxMemoryShare: 'live',
  },
  listen: 'restart',
  adminListen: 'restart',
  admin: 'restart',
  healthListen: 'restart',
  metricsListen: 'restart',
  drain: 'live',
  callers: 'live',
  callerJwt: 'live',
  reflection: 'restart',
  allowDispose: 'live',
  allowReload: 'live',
  logLevel: 'live',
  log: 'live',
  telemetry: 'restart',
} as const satisfies Whens;

const BY_KEY: Readonly<Record<string, When | Readonly<Record<string, When>>>> = WHENS;

/** The part of a path that waits for a restart: a key, or a key and its member. Undefined: none does. */
export function restartPart(path: readonly string[]): readonly string[] | undefined {
  const [key = '', member = ''] = path;
  const when = BY_KEY[key];
  if (when === 'restart') return [key];
  return typeof when === 'object' && when[member] === 'restart' ? [key, member] : undefined;
}
