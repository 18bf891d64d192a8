import { describe, expect, it } from '@jest/globals';
import { forgetSecrets } from '../src/secret-variables.ts';
import { hideSecret } from '../src/telemetry/secrets.ts';

describe('forgetSecrets', () => {
  it('forgets what is named like a secret, and what holds one that is hidden', () => {
    for (const secret of ['sk-planted-1', 'planted-2', 'redis://:planted-3@redis.test']) {
      hideSecret(secret);
    }
    const kept = {
      PATH: '/usr/bin',
      HOME: '/root',
      NODE_ENV: 'production',
      TAMMA_LISTEN: '127.0.0.1:1',
      OPENAI_BASE_URL: 'https://a.test/v1',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.test',
    };
    const environment: Record<string, string | undefined> = {
      ...kept,
      OPENAI_API_KEY: 'sk-planted-1',
      SECOND: 'planted-2',
      TAMMA_REDIS_URL: 'redis://:planted-3@redis.test',
      COPY: 'key=sk-planted-1',
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=planted-4',
      AWS_SECRET_ACCESS_KEY: 'planted-5',
      GITHUB_TOKEN: 'planted-6',
      DB_PASSWORD: 'planted-7',
    };
    forgetSecrets(environment);
    expect(environment).toEqual(kept);
  });
});
