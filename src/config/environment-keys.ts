import type { Settings } from './schema.ts';

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
