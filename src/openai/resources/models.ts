import type { Clock } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import { linkSignal } from '../../core/signal.ts';
import type { ListedModel } from '../../core/upstream.ts';
import { fromHttpResponse } from '../errors/map-error.ts';
import { headerValue } from '../errors/retry-after.ts';
import type { Requests } from '../http/client.ts';
import type { HttpRequest } from '../http/http-request.ts';
import type { Transport } from '../http/transport.ts';
import { parseObject } from '../values/json-checks.ts';
import { listOf, recordOf } from '../values/json-record.ts';
import { plainName } from '../values/upstream-text.ts';
import { readText, type TextResponse } from './read-text.ts';

/** For the whole list, in ms. */
const TIMEOUT_MS = 10_000;

/** Routers that list every model of every vendor come to about a megabyte. */
const MAX_BYTES = 8 * 1024 * 1024;

/** More are not looked at. */
const MAX_MODELS = 16_384;

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

const MAX_REDIRECTS = 5;

const ISO_DAY = /^\d{4}-\d{2}-\d{2}/;

export interface ModelLister {
  readonly requests: Requests;
  readonly transport: Transport;
  readonly clock: Clock;
}

/** The models that the upstream lists, by id. Rejects with ProviderError. */
export async function listModels(
  lister: ModelLister,
  signal: AbortSignal,
): Promise<readonly ListedModel[]> {
  signal.throwIfAborted();
  const { controller, unlink } = linkSignal(signal);
  const timer = lister.clock.afterSilence(TIMEOUT_MS, () => {
    const message = 'The upstream took too long to list its models.';
    controller.abort(new ProviderError('TIMEOUT', { message }));
  });
  try {
    return await askForModels(lister, controller.signal);
  } finally {
    timer.cancel();
    unlink();
  }
}

async function askForModels(
  { requests, transport, clock }: ModelLister,
  signal: AbortSignal,
): Promise<readonly ListedModel[]> {
  const request = await requests.build({
    method: 'get',
    path: '/models',
    accept: 'application/json',
  });
  const { status, headers, text } = await follow(request, { transport, clock }, signal);
  if (status >= 300) throw fromHttpResponse(status, headers, text, '', clock.now());
  return parseModels(text);
}

/** Follows redirects, but not to another origin: the key is for this one. */
async function follow(
  request: HttpRequest,
  means: Pick<ModelLister, 'transport' | 'clock'>,
  signal: AbortSignal,
): Promise<TextResponse> {
  let { path } = request;
  for (let redirects = 0; ; redirects += 1) {
    const response = await readText(
      { request: { ...request, path }, maxBytes: MAX_BYTES },
      means,
      signal,
    );
    const next = REDIRECTS.has(response.status) && redirects < MAX_REDIRECTS;
    const location = next ? targetOf(response, request.origin + path) : null;
    if (location?.origin !== request.origin) return response;
    path = location.pathname + location.search;
  }
}

function targetOf({ headers }: TextResponse, base: string): URL | null {
  const location = headerValue(headers, 'location');
  return location === undefined ? null : URL.parse(location, base);
}

function parseModels(text: string): readonly ListedModel[] {
  // Ollama has null where there are none.
  const { data } = recordOf(parseJson(text));
  if (data !== null && !Array.isArray(data)) throw unreadable(text);
  const models = listOf(data)
    .slice(0, MAX_MODELS)
    .map(recordOf)
    .flatMap(({ id, shutdown_date }) => {
      const name = typeof id === 'string' ? plainName(id) : undefined;
      return name === undefined ? [] : [{ id: name, shutdownDate: toDay(shutdown_date) }];
    });
  return models.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Together's is nothing but the list. */
function parseJson(text: string): unknown {
  try {
    return parseObject(text.startsWith('[') ? `{"data":${text}}` : text);
  } catch {
    throw unreadable(text);
  }
}

function unreadable(text: string): ProviderError {
  return new ProviderError('SERVICE_UNAVAILABLE', {
    message: 'The upstream sent a list of models that cannot be read.',
    unreadable: true,
    cause: new Error(`a list of models that cannot be read, ${text.length} characters`),
  });
}

function toDay(date: unknown): string {
  return typeof date === 'string' ? (ISO_DAY.exec(date)?.[0] ?? '') : '';
}
