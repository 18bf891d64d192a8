import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readForm } from '../../src/simulator/batches/multipart.ts';

/**
 * Azure's Files and Batch APIs in front of a simulator of OpenAI's, as
 * https://learn.microsoft.com/azure/foundry/openai/how-to/batch has them: which paths, keys, deployments and
 * URLs of lines are taken, and what an answer of the REST API looks like.
 */
export interface AzureStub {
  readonly origin: string;
  /** What was asked, and with which `api-version`. */
  readonly requests: string[];
  /** Deployments of a batch type. */
  readonly batchDeployments: Set<string>;
  /** How often a file is asked for until it has been read. */
  unreadFor: number;
  /** The answers to so many creations of a batch get lost. */
  forget: number;
  close(): Promise<void>;
}

type Json = Record<string, unknown>;
type Reply = readonly [status: number, body: Json];

interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly body: Buffer;
  /** Of the body. */
  readonly type: string;
}

const LINE_URLS = new Set(['/chat/completions', '/v1/chat/completions', '/v1/responses']);
const NO_FILE = 'file-without-errors';

/** @param backend base URL of a simulator */
export async function startAzureStub(backend: string, key: string): Promise<AzureStub> {
  const looks = new Map<string, number>();
  const problems = new Map<string, Json>();
  const stub = {
    origin: '',
    requests: [] as string[],
    batchDeployments: new Set<string>(),
    unreadFor: 0,
    forget: 0,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
  const isUnread = (id: string) => (looks.get(id) ?? 0) < stub.unreadFor;

  async function forward(method: string, path: string, body?: Buffer, type = ''): Promise<Json> {
    const headers = { 'content-type': type, authorization: 'Bearer k' };
    const sent = body?.length ? { body: new Uint8Array(body), headers } : { headers };
    return (await (await fetch(`${backend}${path}`, { method, ...sent })).json()) as Json;
  }

  const file = (object: Json): Json =>
    isUnread(String(object.id)) ? { ...object, status: 'pending' } : object;

  function batch({ status, created_at, output_file_id, error_file_id, ...rest }: Json): Json {
    const hasFailed = problems.has(String(rest.id));
    const name = hasFailed ? 'failed' : String(status);
    const isOver = name === 'completed';
    return {
      ...rest,
      status: name.charAt(0).toUpperCase() + name.slice(1),
      endpoint: null,
      metadata: null,
      created_at: new Date(Number(created_at) * 1_000).toISOString().replace('Z', '0000+00:00'),
      output_file_id: hasFailed ? null : output_file_id,
      error_file_id: error_file_id ?? (isOver ? NO_FILE : null),
      errors: problems.get(String(rest.id)) ?? rest.errors,
      request_counts: isOver ? rest.request_counts : { total: null, completed: null, failed: null },
    };
  }

  async function create(body: Buffer): Promise<Reply> {
    const asked = JSON.parse(body.toString());
    const id = String(asked.input_file_id);
    if (isUnread(id)) return refusal(400, `File ${id} is not in the state processed.`);
    if (asked.completion_window !== '24h') return refusal(400, 'The window must be 24h.');
    const content = await (await fetch(`${backend}/files/${id}/content`)).text();
    const lines = content
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const made = await forward('POST', '/batches', body, 'application/json');
    const told = problemOf(lines);
    if (told !== undefined) problems.set(String(made.id), { object: 'list', data: [told] });
    return [200, batch(made)];
  }

  function problemOf(lines: readonly { readonly url: string; readonly body: Json }[]) {
    const [first] = lines;
    const model = String(first?.body.model);
    if (!stub.batchDeployments.has(model)) {
      return { code: 'invalid_request', message: `The deployment SKU of ${model} is invalid.` };
    }
    if (lines.some(({ body }) => body.model !== model)) {
      return { code: 'model_mismatch', message: 'Another deployment in a row.' };
    }
    const isWrong = lines.some(({ url }) => url !== first?.url || !LINE_URLS.has(url));
    return isWrong ? { code: 'url_mismatch', message: 'A URL does not match.' } : undefined;
  }

  /** Oldest first, whatever `order` says. */
  async function list(path: string, query: URLSearchParams): Promise<Json> {
    const { data } = (await forward('GET', `${path}?limit=1000`)) as { data: Json[] };
    const all = data.reverse().map(path === '/files' ? file : batch);
    const start = all.findIndex(({ id }) => id === query.get('after')) + 1;
    const end = start + Number(query.get('limit') ?? 20);
    return { object: 'list', data: all.slice(start, end), has_more: end < all.length };
  }

  async function upload(body: Buffer, type: string): Promise<Reply> {
    const [, part = ''] = body.subarray(0, 1_000).toString().split('filename=');
    if (!/\r\ncontent-type: \S+/i.test(part)) return refusal(400, 'The file has no content type.');
    if (readForm(type, body)?.fields.purpose !== 'batch') return refusal(400, 'Wrong purpose.');
    return [200, file(await forward('POST', '/files', body, type))];
  }

  async function answerAboutFile(method: string, path: string): Promise<Reply | string> {
    const [, , id = '', action] = path.split('/');
    if (id === NO_FILE) return method === 'GET' ? '' : [200, { id, deleted: true }];
    if (action === 'content') return (await fetch(`${backend}${path}`)).text();
    const object = await forward(method, path);
    if (method === 'GET') looks.set(id, (looks.get(id) ?? 0) + 1);
    return [200, file(object)];
  }

  async function answer({ method, url, body, type }: Asked): Promise<Reply | string> {
    const path = url.pathname.replace(/^\/openai(\/v1)?(?=\/(files|batches))/, '');
    const isDated = !url.pathname.startsWith('/openai/v1/');
    if (path === url.pathname || (isDated && !url.searchParams.has('api-version'))) {
      return refusal(404, 'Resource not found');
    }
    if (`${method} ${path}` === 'POST /files') return upload(body, type);
    if (`${method} ${path}` === 'POST /batches') return create(body);
    if (path === '/files' || path === '/batches') return [200, await list(path, url.searchParams)];
    if (path.startsWith('/files/')) return answerAboutFile(method, path);
    return [200, batch(await forward(method, path))];
  }

  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url: path = '', headers } = request;
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces);
    const url = new URL(path, 'http://azure');
    stub.requests.push(`${method} ${url.pathname} ${url.searchParams.get('api-version') ?? ''}`);
    const isOurs = headers['api-key'] === key && headers.authorization === undefined;
    const answered = isOurs
      ? await answer({ method, url, body, type: headers['content-type'] ?? '' })
      : refusal(401, 'Access denied due to invalid subscription key.');
    if (method === 'POST' && url.pathname.endsWith('/batches') && stub.forget > 0) {
      stub.forget -= 1;
      return request.socket.destroy();
    }
    if (typeof answered === 'string') return response.end(answered);
    response.writeHead(answered[0], { 'content-type': 'application/json' });
    return response.end(JSON.stringify(answered[1]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stub.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return stub;
}

function refusal(status: number, message: string): Reply {
  return [status, { error: { code: String(status), message } }];
}
