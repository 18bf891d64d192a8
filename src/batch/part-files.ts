import type { NewPart } from '../money/batches/batch.ts';
import type { ItemFiles, LineFile, LinePlace } from './item-files.ts';

export interface PartLimits {
  /** Of one part. */
  readonly maxRequestsPerFile: number;
  readonly maxBytesPerFile: number;
}

/** Files that are open at the same time. */
const MAX_FILES = 64;

/** Where items of a kind are written: of one endpoint and model, or those that are worked off here. */
type Kind = Omit<NewPart, 'number' | 'file'>;

interface OpenFile {
  readonly name: string;
  readonly file: LineFile | undefined;
  part: number;
  /** Of the part. */
  requests: number;
  bytes: number;
}

/** Writes the items of one batch into files, and divides them into parts. */
export class PartFiles {
  readonly parts: NewPart[] = [];
  readonly #batch: string;
  /** Absent: nothing is kept. */
  readonly #files: ItemFiles | undefined;
  readonly #limits: PartLimits;
  readonly #open = new Map<string, OpenFile>();

  constructor(batch: string, files: ItemFiles | undefined, limits: PartLimits) {
    this.#batch = batch;
    this.#files = files;
    this.#limits = limits;
  }

  /** What forbids to add such a line; undefined: nothing. */
  problem(kind: Kind, line: string): string | undefined {
    if (kind.execution === 'local') return undefined;
    if (Buffer.byteLength(line) + 1 > this.#limits.maxBytesPerFile) {
      return `is larger than a file of the batch API may be (${this.#limits.maxBytesPerFile} bytes)`;
    }
    return this.#open.size >= MAX_FILES && !this.#open.has(keyOf(kind))
      ? `is for one more than ${MAX_FILES} models and endpoints, the most of one batch`
      : undefined;
  }

  async add(kind: Kind, line: string): Promise<LinePlace & { readonly part: number }> {
    const open = await this.#openFile(kind);
    const bytes = Buffer.byteLength(line) + 1;
    const isFull =
      open.requests >= this.#limits.maxRequestsPerFile ||
      open.bytes + bytes > this.#limits.maxBytesPerFile;
    if (kind.execution === 'upstream' && isFull) {
      open.part = this.#newPart(kind, open.name);
      open.requests = open.bytes = 0;
    }
    open.requests += 1;
    open.bytes += bytes;
    const place = await open.file?.add(line);
    return { ...(place ?? { offset: 0, length: 0 }), part: open.part };
  }

  async finish(): Promise<void> {
    for (const { file } of this.#open.values()) await file?.finish();
  }

  async close(): Promise<void> {
    for (const { file } of this.#open.values()) await file?.close();
  }

  async #openFile(kind: Kind): Promise<OpenFile> {
    const key = keyOf(kind);
    let open = this.#open.get(key);
    if (open === undefined) {
      const name = `${this.#open.size + 1}.jsonl`;
      const file = await this.#files?.create(this.#batch, name);
      open = { name, file, part: this.#newPart(kind, name), requests: 0, bytes: 0 };
      this.#open.set(key, open);
    }
    return open;
  }

  #newPart(kind: Kind, file: string): number {
    const number = this.parts.length + 1;
    this.parts.push({ ...kind, number, file });
    return number;
  }
}

function keyOf({ execution, upstream, endpoint, model, modelId }: Kind): string {
  return [execution, upstream, endpoint, model, modelId].join('\n');
}
