import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** What people ask is nobody's business but the sidecar's user. */
const OWNER_ONLY_DIRECTORY = 0o700;
const OWNER_ONLY_FILE = 0o600;

const BUFFER_BYTES = 64 * 1024;

/** Where a line stands, in bytes, without its end. */
export interface LinePlace {
  readonly offset: number;
  readonly length: number;
}

/** A file of lines that is being written. */
export class LineFile {
  readonly #handle: FileHandle;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #position = 0;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  static async create(path: string): Promise<LineFile> {
    return new LineFile(await open(path, 'wx', OWNER_ONLY_FILE));
  }

  async add(line: string): Promise<LinePlace> {
    const bytes = Buffer.from(`${line}\n`);
    const place = { offset: this.#position, length: bytes.length - 1 };
    this.#position += bytes.length;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= BUFFER_BYTES) await this.#flush();
    return place;
  }

  /** All lines are on the disk then. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.#handle.datasync();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #flush(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    if (waiting.length > 0) await this.#handle.appendFile(Buffer.concat(waiting));
  }
}

/** The directories of batches, and the files in them. */
export class ItemFiles {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async create(batch: string, name: string): Promise<LineFile> {
    await mkdir(join(this.#directory, batch), { recursive: true, mode: OWNER_ONLY_DIRECTORY });
    return LineFile.create(this.#path(batch, name));
  }

  open(batch: string, name: string): Promise<FileHandle> {
    return open(this.#path(batch, name), 'r');
  }

  /** All files of a batch. */
  async delete(batch: string): Promise<void> {
    await rm(join(this.#directory, batch), { recursive: true, force: true });
  }

  #path(batch: string, name: string): string {
    return join(this.#directory, batch, name);
  }
}

export async function readLine(file: FileHandle, { offset, length }: LinePlace): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, offset);
  if (bytesRead < length) throw new Error('A file of a batch is shorter than it was.');
  return buffer.toString('utf8');
}
