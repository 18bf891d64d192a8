import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { codeOf } from '../../config/system-code.ts';
import { answerTo } from '../../core/http-answer.ts';
import { httpError, unknownUrl } from '../answers/json.ts';
import type { Behaviour, ServerExchange } from '../answers/server-exchange.ts';
import { type Endpoint, startEndpoint } from '../endpoint.ts';
import type { Place, Tell } from '../simulator.ts';
import type { RecordedRequest } from '../wire/recorded-request.ts';
import { type Entry, toChunk } from './entry.ts';
import { masked, maskedHeaders, secretsOf } from './mask.ts';
import { matcherOf } from './matcher.ts';

export interface RecordOptions {
  /** Base URL with the version's path, such as `https://api.openai.com/v1`. */
  readonly upstream: URL;
  /** Takes the next line of the recording, with its end. */
  readonly write: (line: string) => void;
}

/** An answer beyond it is passed on and not kept. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** They are of one connection, and not of what is said over it. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Those that are said for the other connection, or decided here. */
const OWN_HEADERS: ReadonlySet<string> = new Set(['host', 'content-length', 'accept-encoding']);

/** Passes requests on to an upstream and its answers back, and writes both down without secrets. */
export function startRecorder(
  { upstream, write }: RecordOptions,
  place: Place = {},
  tell: Tell = () => {},
): Promise<Endpoint> {
  const behaviour: Behaviour = async (exchange) => {
    const { request } = exchange;
    const began = performance.now();
    const answer = await ask(exchange, upstream);
    if (answer === undefined) return tell(request, 'the upstream cannot be reached');
    const entry = await passOn(exchange, answer, began);
    if (typeof entry === 'string') return tell(request, `not recorded: ${entry}`);
    write(`${JSON.stringify(entry)}\n`);
    tell(request, 'recorded');
  };
  return startEndpoint({
    ...place,
    route: (request) => (request.path.startsWith('/v1/') ? behaviour : unknownUrl(request)),
  });
}

/** Undefined: there is no answer, and the exchange has ended. */
async function ask(exchange: ServerExchange, upstream: URL): Promise<IncomingMessage | undefined> {
  const outgoing = open(exchange.request, upstream);
  exchange.signal.addEventListener('abort', () => outgoing.destroy(), { once: true });
  try {
    return await answerTo(outgoing.end(exchange.request.bytes));
  } catch (error) {
    const message = `The upstream cannot be reached: ${codeOf(error) ?? 'unknown error'}.`;
    if (!exchange.res.headersSent) await httpError(502, { message })(exchange);
    return undefined;
  }
}

function open({ method, path, headers, bytes }: RecordedRequest, upstream: URL): ClientRequest {
  const sent: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !HOP_BY_HOP.has(name) && !OWN_HEADERS.has(name)) sent[name] = value;
  }
  // What is compressed cannot be searched for secrets.
  sent['accept-encoding'] = 'identity';
  if (bytes.length > 0) sent['content-length'] = String(bytes.length);
  const url = new URL(`${upstream.href.replace(/\/+$/, '')}${path.slice('/v1'.length)}`);
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return send(url, { method, headers: sent, agent: false });
}

/** What is to be recorded, or why nothing is. */
async function passOn(
  exchange: ServerExchange,
  answer: IncomingMessage,
  began: number,
): Promise<Entry | string> {
  const elapsed = (): number => Math.round(performance.now() - began);
  const pieces: { readonly ms: number; readonly bytes: Buffer }[] = [];
  const headersMs = elapsed();
  const { statusCode: status = 0, statusMessage = '' } = answer;
  const headers = pairs(answer.rawHeaders).filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()));
  let size = 0;
  exchange.head(status, statusMessage, headers);
  const { promise, resolve } = Promise.withResolvers<void>();
  // Events and not an iterator, which drops what it holds when the connection breaks.
  answer.on('data', (bytes: Buffer) => {
    size += bytes.length;
    if (size <= MAX_ANSWER_BYTES) pieces.push({ ms: elapsed(), bytes });
    if (exchange.raw(bytes)) return;
    answer.pause();
    const goOn = () => void answer.resume();
    exchange.writable().then(goOn, goOn);
  });
  answer.on('error', () => {});
  answer.once('close', resolve);
  await promise;
  if (exchange.signal.aborted) return 'the client left';
  if (answer.complete) exchange.end();
  else exchange.cut();
  if (size > MAX_ANSWER_BYTES) return 'the answer is longer than 64 MiB';
  const encoding = answer.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') return `the answer is compressed (${encoding})`;
  const secrets = secretsOf(exchange.request.headers);
  return {
    request: matcherOf(exchange.request),
    response: {
      status,
      statusMessage,
      headers: maskedHeaders(headers, secrets),
      headersMs,
      chunks: maskedChunks(pieces, secrets),
      endMs: elapsed(),
      end: answer.complete ? 'complete' : 'cut',
    },
  };
}

/** A secret may stand across chunks, so that they are searched as one. */
function maskedChunks(
  pieces: readonly { readonly ms: number; readonly bytes: Buffer }[],
  secrets: readonly string[],
): Entry['response']['chunks'] {
  const whole = masked(Buffer.concat(pieces.map(({ bytes }) => bytes)), secrets);
  let from = 0;
  return pieces.map(({ ms, bytes }) => {
    const start = from;
    from += bytes.length;
    return toChunk(ms, whole.subarray(start, from));
  });
}

function pairs(raw: readonly string[]): [name: string, value: string][] {
  return raw.flatMap((name, index) =>
    index % 2 === 0 ? [[name, raw[index + 1] ?? ''] as [string, string]] : [],
  );
}
