import type { Settings } from './schema.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Variables that stand for a key of the configuration file, and win over it. */
export const ENVIRONMENT_KEYS = {
  OPENAI_BASE_URL: 'baseUrl',
  TAMMA_INSECURE_BASE_URL: 'insecureBaseUrl',
  OPENAI_ORG_ID: 'organization',
  OPENAI_PROJECT_ID: 'project',
  TAMMA_LISTEN: 'listen',
  TAMMA_ADMIN_LISTEN: 'adminListen',
  TAMMA_HEALTH_LISTEN: 'healthListen',
  TAMMA_METRICS_LISTEN: 'metricsListen',
  TAMMA_LOG_LEVEL: 'logLevel',
  TAMMA_DATA_DIR: 'dataDir',
} as const satisfies Record<string, keyof Settings>;

/** What a variable says. An empty one counts as unset: templates write that for "not given". */
export function variable(environment: Environment, name: string): string | undefined {
  const value = environment[name];
  return value === '' ? undefined : value;
}
