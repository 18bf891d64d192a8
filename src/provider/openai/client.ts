import OpenAI from 'openai';
import type { HttpRequest } from './transport.ts';

export interface ClientOptions {
  /** Sent as bearer token. */
  readonly apiKey: string;
  /** With the version's path: `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** `OpenAI-Organization` header. Default: none. */
  readonly organization?: string;
  /** `OpenAI-Project` header. Default: none. */
  readonly project?: string;
  /** Sent with every request; they win over those of the SDK. Default: none. */
  readonly defaultHeaders?: Readonly<Record<string, string>>;
}

export interface RequestToBuild {
  readonly method: 'get' | 'post';
  /** Below the base URL: `/models`. */
  readonly path: string;
  readonly body?: object;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The official client, which builds requests here and sends none: paths, authentication and headers
 * stay the SDK's business. Nothing of the environment has a part in it.
 */
export function createClient(options: ClientOptions): OpenAI {
  const client = new OpenAI({
    apiKey: options.apiKey,
    baseURL: options.baseUrl,
    organization: options.organization ?? null,
    project: options.project ?? null,
    adminAPIKey: null,
    webhookSecret: null,
    maxRetries: 0,
    logLevel: 'off',
  });
  // OPENAI_CUSTOM_HEADERS has no option that shuts it off. The SDK reads it into this field, which
  // is private to the type only.
  Reflect.set(client, '_options', {
    ...Reflect.get(client, '_options'),
    defaultHeaders: options.defaultHeaders,
  });
  return client;
}

/** What the SDK would send. Rejects with the SDK's errors, for instance for a header's bad character. */
export async function buildRequest(client: OpenAI, wanted: RequestToBuild): Promise<HttpRequest> {
  const { req, url } = await client.buildRequest(wanted);
  const { origin, pathname, search } = new URL(url);
  return {
    origin,
    path: pathname + search,
    method: wanted.method === 'get' ? 'GET' : 'POST',
    headers: req.headers,
    body: typeof req.body === 'string' ? req.body : null,
  };
}
