import type { Readable } from 'node:stream';
import type { Clock } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import { linkSignal } from '../../core/signal.ts';
import { fromHttpResponse } from '../errors/map-error.ts';
import type { Requests, RequestToBuild } from '../http/client.ts';
import type { HttpRequest } from '../http/http-request.ts';
import type { Transport } from '../http/transport.ts';
import { parseObject } from '../values/json-checks.ts';
import { readText } from './read-text.ts';

export interface ResourceHttpDeps {
  readonly requests: Requests;
  readonly transport: Transport;
  readonly clock: Clock;
}

/** One resource, and what is asked of it. */
export interface ResourceRequest extends Pick<RequestToBuild, 'method' | 'body' | 'headers'> {
  readonly collection: '/files' | '/batches' | '/responses';
  /** Below the collection: `file-abc/content`. */
  readonly below?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly content?: Readable;
  /** Media type that is wanted back. Default: JSON. */
  readonly accept?: string;
  /** In ms. Default 60,000. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 60_000;

/** A hundred batches with their errors come to less, and so does the longest answer. */
const MAX_BYTES = 32 * 1024 * 1024;

/** With these statuses another key may know it: this one may be of another project, or be no key any more. */
export const ANOTHER_KEY: ReadonlySet<number | undefined> = new Set([401, 403, 404]);

/** Asks for resources of the Files, Batch and Responses APIs. */
export class ResourceHttp {
  readonly #deps: ResourceHttpDeps;

  constructor(deps: ResourceHttpDeps) {
    this.#deps = deps;
  }

  /** Rejects with ProviderError, for a status that is no success too. */
  async ask(
    wanted: ResourceRequest,
    parent: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>>> {
    return parseObject(await this.askText(wanted, parent));
  }

  /** The same, its body as it is. */
  async askText(wanted: ResourceRequest, parent: AbortSignal): Promise<string> {
    const { clock } = this.#deps;
    const request = await this.build(wanted);
    const { controller, unlink } = linkSignal(parent);
    const timer = clock.afterSilence(wanted.timeoutMs ?? TIMEOUT_MS, () =>
      controller.abort(new ProviderError('TIMEOUT', { timeoutPhase: 'headers' })),
    );
    try {
      const response = await readText(
        { request, maxBytes: MAX_BYTES },
        this.#deps,
        controller.signal,
      );
      const { status, headers, text } = response;
      if (status >= 300) throw fromHttpResponse(status, headers, text, '', clock.now());
      return text;
    } finally {
      timer.cancel();
      unlink();
    }
  }

  /** The builder remembers paths, so it is asked for those without an id alone. */
  async build(wanted: ResourceRequest): Promise<HttpRequest> {
    const { method, collection, below, query, body, headers, content, accept } = wanted;
    const request = await this.#deps.requests.build({
      method,
      path: collection,
      accept: accept ?? 'application/json',
      ...(body && { body }),
      ...(headers && { headers }),
    });
    const url = new URL(request.path, request.origin);
    if (below !== undefined)
      url.pathname += `/${below.split('/').map(encodeURIComponent).join('/')}`;
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    return { ...request, path: url.pathname + url.search, ...(content && { body: content }) };
  }
}
