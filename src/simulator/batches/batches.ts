import { isText } from '../../config/values.ts';
import type { Behaviour, ServerExchange } from '../answers/server-exchange.ts';
import { errorFields } from '../wire/wire.ts';
import { batchObject, batchProblems, problem, type StoredBatch } from './batch.ts';
import { countOutcomes, expiredLine, readRequestLine, resultLine } from './batch-results.ts';
import { type BatchBehaviour, DEFAULT_BEHAVIOUR } from './behaviour.ts';
import { fileObject, readUpload, type StoredFile } from './files.ts';
import { listPage, notFound, type Reply, sendReply } from './reply.ts';

/** OpenAI's Files and Batch APIs, whose batches are worked on by the clock. */
export class SimulatedBatches {
  settings: BatchBehaviour = DEFAULT_BEHAVIOUR;
  readonly files = new Map<string, StoredFile>();
  readonly batches = new Map<string, StoredBatch>();
  /** What was asked of the two APIs, in order of arrival. */
  readonly requests: string[] = [];
  /** How often each request was worked on, by custom_id. */
  readonly worked = new Map<string, number>();
  readonly #now: () => number;
  readonly #date: () => number;
  #last = 0;

  /**
   * @param now epoch ms, by which batches are worked on
   * @param date epoch ms, that files and batches say
   */
  constructor(now: () => number, date = now) {
    this.#now = now;
    this.#date = date;
  }

  set(behaviour: Partial<BatchBehaviour>): void {
    this.settings = { ...DEFAULT_BEHAVIOUR, ...behaviour };
  }

  /** Forgets everything. */
  reset(): void {
    this.settings = DEFAULT_BEHAVIOUR;
    this.files.clear();
    this.batches.clear();
    this.worked.clear();
    this.requests.length = 0;
  }

  handles(path: string): boolean {
    return /^\/v1\/(files|batches)([/?]|$)/.test(path);
  }

  readonly behaviour: Behaviour = (exchange) => {
    const { method, path, headers } = exchange.request;
    this.requests.push(`${method} ${path}`);
    const fault = this.settings.fault(method, path, headers.authorization ?? '');
    if (fault === 'refuse') return exchange.reset();
    if (typeof fault === 'object' && 'text' in fault) {
      exchange.headers(fault.status, { 'content-type': 'text/html' });
      exchange.raw(fault.text);
      return exchange.end();
    }
    if (typeof fault === 'object') {
      return sendReply(exchange, [fault.status, { error: errorFields(fault.status, fault) }]);
    }
    const { pathname, searchParams } = new URL(path, 'http://simulator');
    const [, , collection, id = '', action] = pathname.split('/');
    const file = this.files.get(id);
    if (file !== undefined && method === 'GET' && action === 'content') {
      return this.#sendContent(file, exchange);
    }
    const what = `${method} ${collection}${id === '' ? '' : '/id'}${action ? `/${action}` : ''}`;
    const answered = this.#answerTo(what, exchange, id, searchParams) ?? notFound(collection, id);
    return fault === 'forget' ? exchange.reset() : sendReply(exchange, answered);
  };

  #answerTo(
    what: string,
    { request }: ServerExchange,
    id: string,
    query: URLSearchParams,
  ): Reply | undefined {
    switch (what) {
      case 'POST files':
        return this.#upload(request.headers['content-type'] ?? '', request.bytes);
      case 'GET files': {
        const uploads = [...this.files.values()].filter(({ purpose }) => purpose === 'batch');
        return [200, listPage(this.#visible(uploads), fileObject, query)];
      }
      case 'GET files/id': {
        const file = this.files.get(id);
        return file && [200, fileObject(file)];
      }
      case 'DELETE files/id':
        return this.files.delete(id) ? [200, { id, object: 'file', deleted: true }] : undefined;
      case 'POST batches':
        // The JSON of a body may be null.
        return this.#create(request.body ?? {});
      case 'GET batches': {
        const batches = this.#visible([...this.batches.values()]);
        return [200, listPage(batches, (batch) => this.#object(batch), query)];
      }
      case 'GET batches/id': {
        const batch = this.batches.get(id);
        return batch && [200, this.#object(batch)];
      }
      case 'POST batches/id/cancel': {
        const batch = this.batches.get(id);
        return batch && [200, this.#cancel(batch)];
      }
      default:
        return undefined;
    }
  }

  #visible<T extends { readonly createdAt: number }>(items: readonly T[]): readonly T[] {
    const { visibleAfterMs } = this.settings;
    return items.filter(({ createdAt }) => this.#now() - createdAt >= visibleAfterMs).reverse();
  }

  #upload(contentType: string, body: Buffer): Reply {
    const upload = readUpload(contentType, body);
    if (Array.isArray(upload)) return upload;
    const { name, content } = upload;
    const file = this.#addFile(name, 'batch', content.length, () => [content.toString()]);
    return [200, fileObject(file)];
  }

  #addFile(filename: string, purpose: string, bytes: number, content: () => Iterable<string>) {
    const id = `file-${++this.#last}`;
    const times = { createdAt: this.#now(), date: this.#date() };
    const file: StoredFile = { id, filename, purpose, bytes, content, ...times };
    this.files.set(id, file);
    return file;
  }

  #create(body: Readonly<Record<string, unknown>>): Reply {
    const file = this.files.get(String(body.input_file_id));
    if (file === undefined || body.completion_window !== '24h') {
      return [400, { error: errorFields(400, { message: 'no such file, or no such window' }) }];
    }
    const text = [...file.content()].join('');
    const written = text.split('\n').filter((line) => line !== '');
    const read = written.map(readRequestLine);
    const lines = read.filter((line) => line !== undefined);
    const model = lines[0]?.body.model;
    const batch: StoredBatch = {
      id: `batch_${++this.#last}`,
      endpoint: String(body.endpoint),
      inputFileId: file.id,
      metadata: (body.metadata ?? {}) as Record<string, string>,
      createdAt: this.#now(),
      date: this.#date(),
      lines,
      model: isText(model) ? model : '',
      tokens: Math.ceil(text.length / 4),
      errors: [],
    };
    const unreadable = read.flatMap((line, index) =>
      line === undefined ? [problem('invalid_json_line', 'not valid JSON', index + 1)] : [],
    );
    batch.errors =
      unreadable.length > 0
        ? unreadable
        : batchProblems(batch, this.settings, this.#heldTokens(batch.model));
    this.batches.set(batch.id, batch);
    return [200, this.#object(batch)];
  }

  #heldTokens(model: string): number {
    let held = 0;
    for (const batch of this.batches.values()) {
      this.#statusOf(batch);
      if (batch.model === model && batch.done === undefined) held += batch.tokens;
    }
    return held;
  }

  #cancel(batch: StoredBatch): object {
    this.#statusOf(batch);
    if (batch.done === undefined) batch.cancelledAt ??= this.#now();
    return this.#object(batch);
  }

  #object(batch: StoredBatch): object {
    const status = this.#statusOf(batch);
    return batchObject(batch, status, this.settings, this.#now());
  }

  /** Brings the batch to where the clock says that it is. */
  #statusOf(batch: StoredBatch): string {
    const { validateMs, workMs, cancelMs, expireAfter } = this.settings;
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

  #finish(batch: StoredBatch, done: number): void {
    if (batch.done !== undefined) return;
    batch.done = done;
    const outcomes = batch.lines.slice(0, done).map((line) => {
      this.worked.set(line.custom_id, (this.worked.get(line.custom_id) ?? 0) + 1);
      return { line, outcome: this.settings.outcome(line) };
    });
    // The order is not that of the requests.
    outcomes.reverse();
    const left = batch.cancelledAt === undefined ? batch.lines.slice(done) : [];
    const made = outcomes.map(({ outcome }) => outcome);
    batch.counts = countOutcomes(made, left.length);
    const results = function* (failed: boolean): Generator<string> {
      for (const [index, { line, outcome }] of outcomes.entries()) {
        const result = resultLine(line, outcome, index);
        if (result?.failed === failed) yield result.text;
      }
      if (failed) for (const line of left) yield `${expiredLine(line)}\n`;
    };
    const fileOf = (failed: boolean, name: string) => {
      if (results(failed).next().done === true) return {};
      const content = () => results(failed);
      return { [name]: this.#addFile(`${batch.id}_${name}.jsonl`, 'batch_output', 0, content) };
    };
    batch.files = { ...fileOf(false, 'output'), ...fileOf(true, 'error') };
  }

  async #sendContent(file: StoredFile, exchange: ServerExchange): Promise<void> {
    exchange.headers(200, { 'content-type': 'application/octet-stream' });
    const { paceMs } = this.settings;
    let piece = '';
    const send = async () => {
      if (!exchange.raw(piece)) await exchange.writable();
      if (paceMs > 0) await exchange.delay(paceMs);
      piece = '';
    };
    for (const line of file.content()) {
      piece += line;
      if (piece.length > 16_384) await send();
    }
    if (piece !== '') await send();
    exchange.end();
  }
}
