import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { buildRequest, createClient } from '../../../src/provider/openai/client.ts';

const VARIABLES = {
  OPENAI_API_KEY: 'sk-environment',
  OPENAI_ADMIN_KEY: 'sk-admin-environment',
  OPENAI_BASE_URL: 'https://environment.example/v1',
  OPENAI_ORG_ID: 'org-environment',
  OPENAI_PROJECT_ID: 'proj-environment',
  OPENAI_WEBHOOK_SECRET: 'environment',
  OPENAI_LOG: 'debug',
  OPENAI_CUSTOM_HEADERS: 'X-Environment: yes\nAuthorization: Bearer sk-environment',
};

const REQUEST = { method: 'post', path: '/chat/completions', body: { a: 1 }, headers: {} } as const;

describe('createClient', () => {
  const before = { ...process.env };

  beforeEach(() => {
    Object.assign(process.env, VARIABLES);
  });

  afterEach(() => {
    for (const name of Object.keys(VARIABLES)) delete process.env[name];
    Object.assign(process.env, before);
  });

  it('lets nothing of the environment in', async () => {
    const client = createClient({ apiKey: 'sk-own', baseUrl: 'http://own.example:8080/v1' });
    const request = await buildRequest(client, REQUEST);
    expect(request.origin).toBe('http://own.example:8080');
    const headers = new Map(request.headers);
    expect(headers.get('authorization')).toBe('Bearer sk-own');
    const text = JSON.stringify([...headers]).toLowerCase();
    expect(text).not.toContain('environment');
    expect(client).toMatchObject({ adminAPIKey: null, webhookSecret: null, logLevel: 'off' });
  });

  it("sends the configured headers, which win over the SDK's", async () => {
    const client = createClient({
      apiKey: 'sk-own',
      baseUrl: 'http://own.example/v1/',
      organization: 'org-own',
      project: 'proj-own',
      defaultHeaders: { 'User-Agent': 'own', 'x-own': 'yes' },
    });
    const headers = new Map((await buildRequest(client, REQUEST)).headers);
    expect(Object.fromEntries(headers)).toMatchObject({
      'openai-organization': 'org-own',
      'openai-project': 'proj-own',
      'user-agent': 'own',
      'x-own': 'yes',
    });
  });
});

describe('buildRequest', () => {
  const client = createClient({ apiKey: 'sk-own', baseUrl: 'http://own.example/base/v1?api=2' });

  it('keeps path and query of the base URL', async () => {
    expect(await buildRequest(client, REQUEST)).toMatchObject({
      origin: 'http://own.example',
      path: '/base/v1/chat/completions?api=2',
      method: 'POST',
      body: '{"a":1}',
    });
  });

  it('has no body where there is none', async () => {
    const request = { method: 'get', path: '/models', headers: { 'x-one': '1' } } as const;
    const built = await buildRequest(client, request);
    expect(built).toMatchObject({ method: 'GET', body: null });
    expect(new Map(built.headers).get('x-one')).toBe('1');
  });
});
