import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The pieces in which the socket gave the body. */
  readonly pieces: readonly Buffer[];
  /** The error code with which the body broke off; undefined if it ended as HTTP wants it. */
  readonly broken: string | undefined;
}

const CHAT = { model: 'gpt-5.4', messages: [{ role: 'user', content: 'Hi' }] };
export const STREAM = { ...CHAT, stream: true };
export const STREAM_WITH_USAGE = { ...STREAM, stream_options: { include_usage: true } };

/** Sends a chat request and gives the answer as soon as its headers are there. */
export async function openChat(url: string, body: object = STREAM): Promise<IncomingMessage> {
  return send('POST', `${url}/chat/completions`, JSON.stringify(body));
}

/** Sends a chat request and reads the answer to its end, however that comes. */
export async function postChat(url: string, body: object = STREAM): Promise<RawAnswer> {
  return readAll(await openChat(url, body));
}

/** Sends any request, without keeping the connection. */
export async function send(
  method: string,
  url: string,
  body = '',
  headers = {},
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  // The request errs too when the answer breaks off later, which is for whoever reads the answer.
  request(url, { method, headers, agent: false }, resolve).on('error', reject).end(body);
  return promise;
}

export async function readAll(message: IncomingMessage): Promise<RawAnswer> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const pieces: Buffer[] = [];
  let broken: string | undefined;
  // Events and not an iterator, which drops what it has buffered when the connection breaks.
  message.on('data', (piece: Buffer) => pieces.push(piece));
  message.on('error', (error: NodeJS.ErrnoException) => {
    broken = error.code;
  });
  message.on('close', resolve);
  await promise;
  const { statusCode: status = 0, headers } = message;
  return { status, headers, text: Buffer.concat(pieces).toString(), pieces, broken };
}

/** An event of a stream, loosely: tests compare it with what they expect. */
export interface StreamEvent {
  readonly choices: readonly { readonly delta: { readonly content?: string | null } }[];
  readonly usage?: { readonly completion_tokens: number } | null;
}

/** The JSON of each `data:` line but `[DONE]`. */
export function events(text: string): StreamEvent[] {
  const data = text.split('\n\n').filter((event) => event.startsWith('data: {'));
  return data.map((event) => JSON.parse(event.slice('data: '.length)));
}

/** The text of the deltas. */
export function contentOf(text: string): string {
  return events(text)
    .map((event) => event.choices[0]?.delta.content ?? '')
    .join('');
}

/** The deltas between the role chunk and the finish reason. */
export function deltas(text: string): unknown[] {
  return events(text)
    .slice(1, -1)
    .map((event) => event.choices[0]?.delta);
}
