import type OpenAI from 'openai';
import type { HttpRequest } from './http-request.ts';

export interface ClientOptions {
  /** Default: none, for servers that want none. */
  readonly apiKey?: string;
  /** What carries the key: a bearer token, or Azure's header. Default `authorization`. */
  readonly keyHeader?: 'authorization' | 'api-key';
  /** With the version's path: `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** Azure's `api-version`, sent in the query of every request. Default: none. */
  readonly apiVersion?: string;
  /** `OpenAI-Organization` header. Default: none. */
  readonly organization?: string;
  /** `OpenAI-Project` header. Default: none. */
  readonly project?: string;
  /** Sent with every request; they win over those of the SDK. Default: none. */
  readonly defaultHeaders?: Readonly<Record<string, string>>;
}

export interface RequestToBuild {
  readonly method: 'get' | 'post' | 'delete';
  /** Below the base URL: `/models`. */
  readonly path: string;
  readonly body?: object;
  /** Media type that is wanted back. */
  readonly accept: string;
  /** What differs from request to request: names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The official client, which builds requests here and sends none: paths, authentication and headers
 * stay the SDK's business. Nothing of the environment has a part in it. Its package is a quarter of a
 * start, and is loaded once the process listens.
 */
async function createClient(options: ClientOptions): Promise<OpenAI> {
  const { apiVersion } = options;
  const { default: Client } = await import('openai');
  return new Client({
    // It insists on one; keyHeaders() says whether it is sent.
    apiKey: options.apiKey ?? 'none',
    baseURL: options.baseUrl,
    defaultQuery: apiVersion === undefined ? undefined : { 'api-version': apiVersion },
    organization: options.organization ?? null,
    project: options.project ?? null,
    adminAPIKey: null,
    webhookSecret: null,
    maxRetries: 0,
    logLevel: 'off',
    defaultHeaders: { ...identityHeaders(options), ...options.defaultHeaders },
  });
}

/**
 * Who asks. Said again beside the SDK's own options, for OPENAI_CUSTOM_HEADERS, which has no option that
 * shuts it off, comes behind those but before these. Null takes a header out.
 */
function identityHeaders(options: ClientOptions): Record<string, string | null> {
  const { apiKey, keyHeader = 'authorization', organization, project } = options;
  const bearer = keyHeader === 'authorization' && apiKey !== undefined;
  return {
    authorization: bearer ? `Bearer ${apiKey}` : null,
    'api-key': keyHeader === 'api-key' ? (apiKey ?? null) : null,
    'openai-organization': organization ?? null,
    'openai-project': project ?? null,
  };
}

/** Builds requests to one upstream with one key. */
export interface Requests {
  /**
   * At once where the same was built before. Throws or rejects with the SDK's errors, for instance for a
   * header's bad character.
   */
  build(wanted: RequestToBuild): HttpRequest | Promise<HttpRequest>;
}

/** What the SDK sends by itself; any other header comes from OPENAI_CUSTOM_HEADERS. */
const SDK_HEADERS =
  /^(accept|accept-encoding|api-key|authorization|content-type|openai-[a-z]+|user-agent|x-stainless-[a-z-]+)$/;

const METHODS = { get: 'GET', post: 'POST', delete: 'DELETE' } as const;

/** What the SDK makes of every request to the same path with the same wish. */
interface Template {
  readonly wish: Pick<RequestToBuild, 'method' | 'accept'>;
  readonly origin: string;
  readonly path: string;
  readonly headers: readonly string[];
}

/**
 * Builds requests as the SDK would send them. URL and headers do not change while the client lives,
 * so the SDK makes them once: they are a tenth of what a short call costs.
 */
export class RequestBuilder implements Requests {
  readonly #options: ClientOptions;
  readonly #ownHeaders: ReadonlySet<string>;
  /** By path. */
  readonly #templates = new Map<string, Template[]>();
  #client: Promise<OpenAI> | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#ownHeaders = new Set(
      Object.keys(options.defaultHeaders ?? {}).map((name) => name.toLowerCase()),
    );
  }

  build(wanted: RequestToBuild): HttpRequest | Promise<HttpRequest> {
    const template = this.#templateFor(wanted);
    return template === undefined ? this.#buildFirst(wanted) : filled(template, wanted);
  }

  #templateFor({ path, method, accept }: RequestToBuild): Template | undefined {
    const templates = this.#templates.get(path);
    return templates?.find(({ wish }) => wish.method === method && wish.accept === accept);
  }

  async #buildFirst(wanted: RequestToBuild): Promise<HttpRequest> {
    const template = await this.#make(wanted);
    // Others may have been first meanwhile.
    if (this.#templateFor(wanted) === undefined) {
      const { path } = wanted;
      this.#templates.set(path, [...(this.#templates.get(path) ?? []), template]);
    }
    return filled(template, wanted);
  }

  async #make({ method, path, accept, body }: RequestToBuild): Promise<Template> {
    this.#client ??= createClient(this.#options);
    const client = await this.#client;
    const { req, url } = await client.buildRequest({
      method,
      path,
      // Without it a server may send any coding, by RFC 9110; nothing here decodes.
      headers: { accept, 'accept-encoding': 'identity' },
      // Any body makes the SDK name its type.
      ...(body === undefined ? {} : { body: {} }),
    });
    const { origin, pathname, search } = new URL(url);
    const headers = [...req.headers].filter(
      ([name]) => SDK_HEADERS.test(name) || this.#ownHeaders.has(name),
    );
    return { wish: { method, accept }, origin, path: pathname + search, headers: headers.flat() };
  }
}

function filled(template: Template, { method, headers = {}, body }: RequestToBuild): HttpRequest {
  const own: string[] = [];
  for (const name in headers) own.push(name, headers[name] ?? '');
  return {
    origin: template.origin,
    path: template.path,
    method: METHODS[method],
    headers: template.headers.concat(own),
    body: body === undefined ? null : JSON.stringify(body),
  };
}
