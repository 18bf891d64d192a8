import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { READ_FLAGS } from '../../core/read-file.ts';

/** Bytes that are read at once. */
const PIECE = 2 ** 20;

/** Many times what any line takes that was written here, in bytes. */
const MAX_LINE = 16 * 2 ** 20;

const LF = 0x0a;

/**
 * The lines of a file in UTF-8, without their ends; the last one may have none. Holds one piece and one line at a
 * time: a file may be larger than a string can be. A line of more than 16 MiB is empty.
 *
 * @throws Error if it is no file, and what node:fs throws
 */
export function* textLines(path: string): Generator<string> {
  const file = openSync(path, READ_FLAGS);
  try {
    if (!fstatSync(file).isFile()) throw new Error(`${path} is no file`);
    const line = new Line();
    const piece = Buffer.allocUnsafe(PIECE);
    for (let read = readSync(file, piece); read > 0; read = readSync(file, piece)) {
      const bytes = piece.subarray(0, read);
      let start = 0;
      for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
        line.add(bytes.subarray(start, end));
        yield line.take();
        start = end + 1;
      }
      line.add(bytes.subarray(start));
    }
    if (!line.isEmpty) yield line.take();
  } finally {
    closeSync(file);
  }
}

/** A line as it is read. */
class Line {
  #pieces: Buffer[] = [];
  #length = 0;

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** Copies the bytes. */
  add(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#length += bytes.length;
    if (this.#length > MAX_LINE) this.#pieces = [];
    else this.#pieces.push(Buffer.from(bytes));
  }

  take(): string {
    const text = Buffer.concat(this.#pieces).toString('utf8');
    this.#pieces = [];
    this.#length = 0;
    return text;
  }
}
