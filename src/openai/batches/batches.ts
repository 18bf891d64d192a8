import { ProviderError } from '../../core/errors.ts';
import { isObject } from '../../core/is-object.ts';
import { pause } from '../../core/pause.ts';
import type {
  BatchLineResult,
  BatchUpload,
  NewUpstreamBatch,
  UpstreamBatch,
  UpstreamBatches,
} from '../../core/upstream-batches.ts';
import { readBody } from '../resources/read-body.ts';
import { ResourceHttp, type ResourceHttpDeps } from '../resources/resource-http.ts';
import { malformed } from '../values/json-checks.ts';
import { type JsonRecord, recordOf, stringOr } from '../values/json-record.ts';
import { plainName } from '../values/upstream-text.ts';
import { batchLine, readResultLine, type Surfaces } from './line.ts';
import { linesOf } from './lines.ts';
import { uploadBody } from './upload.ts';
import { createdAt, isMadeOf, toUpstreamBatch, withoutId } from './upstream-batch.ts';

export interface BatchesDeps extends ResourceHttpDeps {
  readonly surfaces: Surfaces;
  /** Longest line of results, in bytes. */
  readonly maxLineBytes: number;
}

/** For 200 MB over a slow line, in ms. */
const UPLOAD_TIMEOUT_MS = 30 * 60_000;

/** How long a file of results may be silent, in ms. */
const IDLE_MS = 60_000;

/** The only window that OpenAI takes. */
const COMPLETION_WINDOW = '24h';

/**
 * Azure takes no batch of a file that it still reads: https://github.com/openai/openai-dotnet/issues/312.
 * OpenAI's files are `processed` at once.
 */
const UNREAD_YET = /^(pending|running|not_?running)$/i;

/** How often such a file is asked for, at first and in the end, and for how long in one go; in ms. */
const FIRST_LOOK_MS = 100;
const LAST_LOOK_MS = 5_000;
const LOOK_FOR_MS = 60_000;

/** By how much the upstream's clock may be behind, in ms. */
const CLOCK_SKEW_MS = 5 * 60_000;

const PAGE_SIZE = 100;

/** Of what is newer than what is looked for. */
const MAX_PAGES = 50;

/** OpenAI's Files and Batch APIs by one key, as far as batches need them. */
export class OpenAIBatches {
  readonly #deps: BatchesDeps;
  readonly #http: ResourceHttp;

  constructor(deps: BatchesDeps) {
    this.#deps = deps;
    this.#http = new ResourceHttp(deps);
  }

  line: UpstreamBatches['line'] = (customId, call) =>
    batchLine(customId, call, this.#deps.surfaces);

  async upload(file: BatchUpload, signal: AbortSignal): Promise<string> {
    const { headers, content } = uploadBody(file);
    const uploaded = await this.#http.ask(
      {
        method: 'post',
        collection: '/files',
        headers,
        content,
        timeoutMs: UPLOAD_TIMEOUT_MS,
      },
      signal,
    );
    return idOf(uploaded);
  }

  async findFile(
    { name, size }: Pick<BatchUpload, 'name' | 'size'>,
    since: number,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const query = { purpose: 'batch', order: 'desc' };
    for await (const file of this.#list('/files', query, since, signal)) {
      if (file.filename === name && file.bytes === size && file.status !== 'error') {
        return idOf(file);
      }
    }
    return undefined;
  }

  async deleteFile(id: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#http.ask({ method: 'delete', collection: '/files', below: id }, signal);
    } catch (thrown) {
      if (ProviderError.from(thrown).facts.upstreamStatus !== 404) throw thrown;
    }
  }

  async create(
    { fileId, endpoint, metadata }: NewUpstreamBatch,
    signal: AbortSignal,
  ): Promise<UpstreamBatch> {
    const body = {
      input_file_id: fileId,
      endpoint,
      completion_window: COMPLETION_WINDOW,
      metadata,
    };
    const post = () => this.#http.ask({ method: 'post', collection: '/batches', body }, signal);
    try {
      return toUpstreamBatch(await post());
    } catch (thrown) {
      const { upstreamStatus } = ProviderError.from(thrown).facts;
      const mayBeUnread =
        upstreamStatus === 400 || upstreamStatus === 404 || upstreamStatus === 409;
      if (!mayBeUnread || !(await this.#isUnread(fileId, signal))) throw thrown;
      await this.#untilRead(fileId, upstreamStatus, signal);
    }
    return toUpstreamBatch(await post());
  }

  async find(
    wanted: Pick<NewUpstreamBatch, 'fileId' | 'metadata'>,
    since: number,
    signal: AbortSignal,
  ): Promise<UpstreamBatch | undefined> {
    for await (const batch of this.#list('/batches', {}, since, signal)) {
      if (isMadeOf(batch, wanted)) return toUpstreamBatch(batch);
    }
    return undefined;
  }

  async retrieve(id: string, signal: AbortSignal): Promise<UpstreamBatch> {
    return toUpstreamBatch(
      await this.#http.ask({ method: 'get', collection: '/batches', below: id }, signal),
    );
  }

  async cancel(id: string, signal: AbortSignal): Promise<UpstreamBatch> {
    const below = `${id}/cancel`;
    return toUpstreamBatch(
      await this.#http.ask({ method: 'post', collection: '/batches', below }, signal),
    );
  }

  async *results(fileId: string, signal: AbortSignal): AsyncGenerator<BatchLineResult | undefined> {
    const { surfaces, maxLineBytes } = this.#deps;
    const request = await this.#http.build({
      method: 'get',
      collection: '/files',
      below: `${fileId}/content`,
    });
    const body = readBody(request, { ...this.#deps, idleMs: IDLE_MS }, signal);
    for await (const line of linesOf(body, maxLineBytes)) {
      yield line === undefined ? undefined : readResultLine(line, surfaces);
    }
  }

  async #isUnread(fileId: string, signal: AbortSignal): Promise<boolean> {
    try {
      const file = { method: 'get', collection: '/files', below: fileId } as const;
      return UNREAD_YET.test(stringOr((await this.#http.ask(file, signal)).status));
    } catch {
      // What was refused says more.
      return false;
    }
  }

  async #untilRead(fileId: string, upstreamStatus: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    const until = clock.now() + LOOK_FOR_MS;
    for (let ms = FIRST_LOOK_MS; ; ms = Math.min(2 * ms, LAST_LOOK_MS)) {
      await pause(ms, signal, clock);
      if (!(await this.#isUnread(fileId, signal))) return;
      if (clock.now() < until) continue;
      const message = 'The upstream has not read the file of requests yet.';
      throw new ProviderError('SERVICE_UNAVAILABLE', { message, upstreamStatus });
    }
  }

  /** Those that are newer than `since`: the newest first, unless the upstream lists them otherwise. */
  async *#list(
    collection: '/files' | '/batches',
    query: Readonly<Record<string, string>>,
    since: number,
    signal: AbortSignal,
  ): AsyncGenerator<JsonRecord> {
    const oldest = (since - CLOCK_SKEW_MS) / 1_000;
    let after: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const { data, has_more } = await this.#http.ask(
        {
          method: 'get',
          collection,
          query: { ...query, limit: String(PAGE_SIZE), ...(after !== undefined && { after }) },
        },
        signal,
      );
      if (!Array.isArray(data)) throw malformed('a list has no data');
      const items = data.filter(isObject);
      yield* items.filter((item) => createdAt(item) >= oldest);
      const [first = 0, last = 0] = [items[0], items.at(-1)].map((item) => createdAt(item ?? {}));
      after = stringOr(recordOf(data.at(-1)).id);
      if (has_more !== true || after === '' || (last < oldest && last < first)) return;
    }
  }
}

function idOf({ id }: JsonRecord): string {
  const name = plainName(stringOr(id));
  if (name === undefined) throw withoutId('file');
  return name;
}
