import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type BatchRequestLine,
  expiredLine,
  type LineOutcome,
  resultLine,
} from './batch-results.ts';
import { readForm } from './multipart.ts';
import { type ErrorFields, errorFields } from './wire.ts';

/** What goes wrong with one request to the Files or Batch API. */
export type BatchFault =
  /** The connection is reset before anything was done. */
  | 'refuse'
  /** It is done, and the connection is reset before it is said. */
  | 'forget'
  | ({ readonly status: number } & Partial<ErrorFields>);

export interface BatchBehaviour {
  /** What becomes of a request. Default: a greeting. */
  readonly outcome: (line: BatchRequestLine) => LineOutcome;
  /** How long a file is looked at, in ms. Default 0. */
  readonly validateMs: number;
  /** How long a batch takes behind that, in ms. Default 0. */
  readonly workMs: number;
  /** How long a batch takes to stop, in ms. Default 0. */
  readonly cancelMs: number;
  /** What was uploaded or created is listed after so many ms. Default 0. */
  readonly visibleAfterMs: number;
  /** The most tokens, by four characters, that the batches of a model may hold. Default: any. */
  readonly enqueuedTokens: number;
  /** The share of a batch's requests after which it expires. Default 1: it does not. */
  readonly expireAfter: number;
  /** Between pieces of a file of results, in ms. Default 0. */
  readonly paceMs: number;
  readonly maxRequests: number;
  /** Lines for which a whole file is refused. Default: those that are wrong. */
  readonly refuseLine: (line: BatchRequestLine) => boolean;
  readonly fault: (method: string, path: string) => BatchFault | undefined;
}

export interface StubFile {
  readonly id: string;
  readonly filename: string;
  readonly purpose: string;
  readonly content: () => Iterable<string>;
  readonly bytes: number;
  readonly createdAt: number;
}

export interface StubBatch {
  readonly id: string;
  readonly endpoint: string;
  readonly inputFileId: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly createdAt: number;
  readonly lines: readonly BatchRequestLine[];
  readonly tokens: number;
  readonly model: string;
  errors: readonly object[];
  cancelledAt?: number;
  /** Set when it is over: how many of its requests were worked on. */
  done?: number;
  files?: { output?: StubFile; error?: StubFile };
}

const DEFAULTS: BatchBehaviour = {
  outcome: () => ({ answer: {} }),
  validateMs: 0,
  workMs: 0,
  cancelMs: 0,
  visibleAfterMs: 0,
  enqueuedTokens: Number.POSITIVE_INFINITY,
  expireAfter: 1,
  paceMs: 0,
  maxRequests: 50_000,
  refuseLine: () => false,
  fault: () => undefined,
};

const MAX_FILE_BYTES = 200 * 1024 * 1024;

/** OpenAI's Files and Batch APIs, whose batches are worked on by the clock. */
export class StubBatches {
  behaviour: BatchBehaviour = DEFAULTS;
  readonly files = new Map<string, StubFile>();
  readonly batches = new Map<string, StubBatch>();
  /** `POST /v1/batches`, in order of their arrival. */
  readonly requests: string[] = [];
  /** How often each request was worked on, by custom_id. */
  readonly worked = new Map<string, number>();
  readonly #now: () => number;
  #last = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  set(behaviour: Partial<BatchBehaviour>): void {
    this.behaviour = { ...DEFAULTS, ...behaviour };
  }

  /** Forgets everything. */
  reset(): void {
    this.behaviour = DEFAULTS;
    this.files.clear();
    this.batches.clear();
    this.worked.clear();
    this.requests.length = 0;
  }

  handles(path: string): boolean {
    return /^\/v1\/(files|batches)([/?]|$)/.test(path);
  }

  async handle(message: IncomingMessage, res: ServerResponse): Promise<void> {
    const { method = 'GET', url = '' } = message;
    this.requests.push(`${method} ${url}`);
    const fault = this.behaviour.fault(method, url);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of message) chunks.push(chunk);
    } catch {
      return;
    }
    if (fault === 'refuse') {
      res.socket?.resetAndDestroy();
      return;
    }
    if (typeof fault === 'object') {
      reply(res, fault.status, { error: errorFields(fault.status, fault) });
      return;
    }
    const respond =
      fault === 'forget'
        ? () => void res.socket?.resetAndDestroy()
        : (status: number, body: object) => reply(res, status, body);
    await this.#route(message, Buffer.concat(chunks), res, respond);
  }

  async #route(
    { method, url = '', headers }: IncomingMessage,
    body: Buffer,
    res: ServerResponse,
    respond: (status: number, body: object) => void,
  ): Promise<void> {
    const { pathname, searchParams } = new URL(url, 'http://stub');
    const [, , collection, id = '', action] = pathname.split('/');
    const what = `${method} ${collection}${id === '' ? '' : '/id'}${action ? `/${action}` : ''}`;
    const notFound = () =>
      respond(404, { error: errorFields(404, { message: `No such ${collection}: ${id}` }) });
    switch (what) {
      case 'POST files':
        return respond(...this.#upload(headers['content-type'] ?? '', body));
      case 'GET files':
        return respond(
          200,
          this.#list(
            [...this.files.values()].filter((f) => f.purpose === 'batch'),
            fileObject,
            searchParams,
          ),
        );
      case 'DELETE files/id':
        return this.files.delete(id)
          ? respond(200, { id, object: 'file', deleted: true })
          : notFound();
      case 'GET files/id/content': {
        const file = this.files.get(id);
        return file === undefined ? notFound() : this.#sendContent(file, res);
      }
      case 'POST batches':
        return respond(...this.#create(JSON.parse(body.toString())));
      case 'GET batches':
        return respond(
          200,
          this.#list([...this.batches.values()], (batch) => this.#object(batch), searchParams),
        );
      case 'GET batches/id': {
        const batch = this.batches.get(id);
        return batch === undefined ? notFound() : respond(200, this.#object(batch));
      }
      case 'POST batches/id/cancel': {
        const batch = this.batches.get(id);
        if (batch === undefined) return notFound();
        this.#object(batch);
        if (batch.done === undefined) batch.cancelledAt ??= this.#now();
        return respond(200, this.#object(batch));
      }
      default:
        return notFound();
    }
  }

  #upload(contentType: string, body: Buffer): [number, object] {
    const form = readForm(contentType, body);
    if (form?.file === undefined || form.fields.purpose !== 'batch') {
      return [400, { error: errorFields(400, { message: 'a file and a purpose are required' }) }];
    }
    const { name, content } = form.file;
    if (content.length > MAX_FILE_BYTES) {
      return [413, { error: errorFields(413, { message: 'the file is too large' }) }];
    }
    const file = this.#addFile(name, 'batch', content.length, () => [content.toString()]);
    return [200, fileObject(file)];
  }

  #addFile(filename: string, purpose: string, bytes: number, content: () => Iterable<string>) {
    const id = `file-${++this.#last}`;
    const file: StubFile = { id, filename, purpose, bytes, content, createdAt: this.#now() };
    this.files.set(id, file);
    return file;
  }

  #create(body: Record<string, unknown>): [number, object] {
    const file = this.files.get(String(body.input_file_id));
    if (file === undefined || body.completion_window !== '24h') {
      return [400, { error: errorFields(400, { message: 'no such file, or no such window' }) }];
    }
    const text = [...file.content()].join('');
    const lines = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
    const model = String(lines[0]?.body.model);
    const batch: StubBatch = {
      id: `batch_${++this.#last}`,
      endpoint: String(body.endpoint),
      inputFileId: file.id,
      metadata: (body.metadata ?? {}) as Record<string, string>,
      createdAt: this.#now(),
      lines,
      model,
      tokens: Math.ceil(text.length / 4),
      errors: [],
    };
    batch.errors = this.#problems(batch);
    this.batches.set(batch.id, batch);
    return [200, this.#object(batch)];
  }

  #problems({ lines, endpoint, model, tokens }: StubBatch): readonly object[] {
    const { maxRequests, enqueuedTokens } = this.behaviour;
    const problem = (code: string, message: string, line: number | null = null) => ({
      code,
      message,
      line,
      param: null,
    });
    if (lines.length > maxRequests) return [problem('too_many_tasks', 'too many requests')];
    let held = 0;
    for (const batch of this.batches.values()) {
      this.#object(batch);
      if (batch.model === model && batch.done === undefined) held += batch.tokens;
    }
    if (held + tokens > enqueuedTokens) {
      const message = `Enqueued token limit reached for ${model} in organization org-stub. Limit: ${enqueuedTokens.toLocaleString('en')} enqueued tokens. Please try again once some in_progress batches have been completed.`;
      return [problem('token_limit_exceeded', message)];
    }
    const seen = new Set<string>();
    return lines.flatMap((request, index) => {
      const { custom_id, url, body } = request;
      const line = index + 1;
      if (this.behaviour.refuseLine(request)) return [problem('invalid_request', 'wrong', line)];
      if (seen.has(custom_id)) return [problem('duplicate_custom_id', 'said twice', line)];
      seen.add(custom_id);
      if (url !== endpoint) return [problem('mismatched_url', 'another endpoint', line)];
      if (body.model !== model) return [problem('mismatched_model', 'another model', line)];
      if (body.stream === true) return [problem('invalid_stream', 'cannot stream', line)];
      return [];
    });
  }

  /** Brings the batch to where the clock says that it is. */
  #object(batch: StubBatch): object {
    const status = this.#statusOf(batch);
    const { output, error } = batch.files ?? {};
    return {
      id: batch.id,
      object: 'batch',
      endpoint: batch.endpoint,
      errors: batch.errors.length === 0 ? null : { object: 'list', data: batch.errors },
      input_file_id: batch.inputFileId,
      completion_window: '24h',
      status,
      output_file_id: output?.id ?? null,
      error_file_id: error?.id ?? null,
      created_at: Math.floor(batch.createdAt / 1_000),
      request_counts: { total: batch.lines.length, completed: batch.done ?? 0, failed: 0 },
      metadata: batch.metadata,
    };
  }

  #statusOf(batch: StubBatch): string {
    const { validateMs, workMs, cancelMs, expireAfter } = this.behaviour;
    const age = this.#now() - batch.createdAt;
    if (age < validateMs) return 'validating';
    if (batch.errors.length > 0) {
      batch.done ??= 0;
      return 'failed';
    }
    const { length } = batch.lines;
    if (batch.cancelledAt !== undefined) {
      if (this.#now() - batch.cancelledAt < cancelMs) return 'cancelling';
      const worked = batch.cancelledAt - batch.createdAt - validateMs;
      this.#finish(batch, Math.floor(length * Math.min(1, Math.max(0, worked / (workMs || 1)))));
      return 'cancelled';
    }
    if (batch.done === undefined && age < validateMs + workMs) return 'in_progress';
    this.#finish(batch, Math.floor(length * expireAfter));
    return batch.done === length ? 'completed' : 'expired';
  }

  #finish(batch: StubBatch, done: number): void {
    if (batch.done !== undefined) return;
    batch.done = done;
    // The order is not that of the requests.
    const worked = batch.lines.slice(0, done).reverse();
    for (const { custom_id } of worked) {
      this.worked.set(custom_id, (this.worked.get(custom_id) ?? 0) + 1);
    }
    const left = batch.cancelledAt === undefined ? batch.lines.slice(done) : [];
    const { outcome } = this.behaviour;
    const results = function* (failed: boolean): Generator<string> {
      for (const [index, line] of worked.entries()) {
        const result = resultLine(line, outcome(line), index);
        if (result?.failed === failed) yield `${result.text}\n`;
      }
      if (failed) for (const line of left) yield `${expiredLine(line)}\n`;
    };
    const fileOf = (failed: boolean, name: string) => {
      if (results(failed).next().done === true) return {};
      return {
        [name]: this.#addFile(`${batch.id}_${name}.jsonl`, 'batch_output', 0, () =>
          results(failed),
        ),
      };
    };
    batch.files = { ...fileOf(false, 'output'), ...fileOf(true, 'error') };
  }

  async #sendContent(file: StubFile, res: ServerResponse): Promise<void> {
    res.writeHead(200, { 'content-type': 'application/octet-stream' });
    let piece = '';
    const send = async () => {
      if (res.destroyed) return;
      if (!res.write(piece))
        await new Promise((resolve) => res.once('drain', resolve).once('close', resolve));
      if (this.behaviour.paceMs > 0) await sleep(this.behaviour.paceMs);
      piece = '';
    };
    res.setMaxListeners(0);
    for (const line of file.content()) {
      if (res.destroyed) return;
      piece += line;
      if (piece.length > 16_384) await send();
    }
    if (piece !== '') await send();
    res.end();
  }

  #list<T extends StubFile | StubBatch>(
    all: readonly T[],
    toObject: (item: T) => object,
    query: URLSearchParams,
  ): object {
    const visible = all
      .filter(({ createdAt }) => this.#now() - createdAt >= this.behaviour.visibleAfterMs)
      .reverse();
    const after = query.get('after');
    const start = after === null ? 0 : visible.findIndex(({ id }) => id === after) + 1;
    const page = visible.slice(start, start + Number(query.get('limit') ?? 20));
    return {
      object: 'list',
      data: page.map(toObject),
      first_id: page[0]?.id ?? null,
      last_id: page.at(-1)?.id ?? null,
      has_more: start + page.length < visible.length,
    };
  }
}

function fileObject({ id, filename, purpose, bytes, createdAt }: StubFile): object {
  return {
    id,
    object: 'file',
    bytes,
    created_at: Math.floor(createdAt / 1_000),
    filename,
    purpose,
    status: 'processed',
  };
}

function reply(res: ServerResponse, status: number, body: object): void {
  res.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'req_batch' });
  res.end(JSON.stringify(body));
}
