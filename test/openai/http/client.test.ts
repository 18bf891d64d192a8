import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type ClientOptions,
  RequestBuilder,
  type RequestToBuild,
} from '../../../src/openai/http/client.ts';
import type { HttpRequest } from '../../../src/openai/http/http-request.ts';

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

const REQUEST = {
  method: 'post',
  path: '/chat/completions',
  body: { a: 1 },
  accept: 'text/event-stream',
} as const;

/** By name; the names and values come in turn. */
function headersOf({ headers }: HttpRequest): Record<string, string | undefined> {
  return Object.fromEntries(
    headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1]]] : [])),
  );
}

const build = (options: ClientOptions, wanted: RequestToBuild = REQUEST) =>
  new RequestBuilder(options).build(wanted);

describe('RequestBuilder', () => {
  const before = { ...process.env };

  beforeEach(() => {
    Object.assign(process.env, VARIABLES);
  });

  afterEach(() => {
    for (const name of Object.keys(VARIABLES)) delete process.env[name];
    Object.assign(process.env, before);
  });

  it('lets nothing of the environment in', async () => {
    const options = { apiKey: 'sk-own', baseUrl: 'http://own.example:8080/v1' };
    const request = await new RequestBuilder(options).build(REQUEST);
    expect(request.origin).toBe('http://own.example:8080');
    expect(headersOf(request).authorization).toBe('Bearer sk-own');
    const text = JSON.stringify(request.headers).toLowerCase();
    expect(text).not.toContain('environment');
  });

  it("sends the configured headers, which win over the SDK's", async () => {
    const request = await build({
      apiKey: 'sk-own',
      baseUrl: 'http://own.example/v1/',
      organization: 'org-own',
      project: 'proj-own',
      defaultHeaders: { 'User-Agent': 'own', 'x-own': 'yes' },
    });
    expect(headersOf(request)).toMatchObject({
      accept: 'text/event-stream',
      'openai-organization': 'org-own',
      'openai-project': 'proj-own',
      'user-agent': 'own',
      'x-own': 'yes',
    });
  });

  it.each<[string, Partial<ClientOptions>, object]>([
    ['a bearer token', { apiKey: 'sk-own' }, { authorization: 'Bearer sk-own' }],
    [
      'a bearer token, said so',
      { apiKey: 'sk-own', keyHeader: 'authorization' },
      { authorization: 'Bearer sk-own' },
    ],
    ["Azure's header", { apiKey: 'sk-own', keyHeader: 'api-key' }, { 'api-key': 'sk-own' }],
    ['nothing where there is none', {}, {}],
    ['nothing where there is none, whatever carries it', { keyHeader: 'api-key' }, {}],
  ])('sends the key as %s', async (_, options, expected) => {
    const headers = headersOf(await build({ baseUrl: 'http://own.example/v1', ...options }));
    const { authorization, 'api-key': apiKey } = headers;
    expect(JSON.parse(JSON.stringify({ authorization, 'api-key': apiKey }))).toEqual(expected);
  });
});

describe('a request', () => {
  const own = { apiKey: 'sk-own', baseUrl: 'http://own.example/base/v1?api=2' };

  it('keeps path and query of the base URL', async () => {
    const built = await build(own);
    expect(built).toMatchObject({
      origin: 'http://own.example',
      path: '/base/v1/chat/completions?api=2',
      method: 'POST',
      body: '{"a":1}',
    });
    expect(headersOf(built)['content-type']).toBe('application/json');
  });

  it('names the version of the API where it has one', async () => {
    expect((await build({ ...own, apiVersion: '2026-10-01' })).path).toBe(
      '/base/v1/chat/completions?api=2&api-version=2026-10-01',
    );
  });

  it('has no body where there is none', async () => {
    const built = await build(own, { method: 'get', path: '/models', accept: 'application/json' });
    expect(built).toMatchObject({ method: 'GET', body: null });
  });

  it('takes its body and its own headers with it, and nothing of another', async () => {
    const requests = new RequestBuilder(own);
    const one = await requests.build({ ...REQUEST, headers: { traceparent: '1' } });
    const two = await requests.build({ ...REQUEST, body: { b: 2 }, headers: { tracestate: '2' } });
    expect(headersOf(one).traceparent).toBe('1');
    expect(headersOf(two).traceparent).toBeUndefined();
    expect(headersOf(two).tracestate).toBe('2');
    expect([one.body, two.body]).toEqual(['{"a":1}', '{"b":2}']);
  });
});
