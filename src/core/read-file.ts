import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';

/** More than any certificate, catalogue or list of keys takes. */
const MAX_BYTES = 4 * 1024 * 1024;

/** To open a FIFO waits for somebody who writes into it, unless one says this. */
export const READ_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** What a shell hands over as `<(…)` or by `|` is written right now, and ends. */
const HANDED_OVER = /^\/(?:dev|proc\/self)\/(?:fd\/\d+|stdin)$/;

const BLOCK = 64 * 1024;

/**
 * Reads a file as UTF-8. A device would be read without an end, and a FIFO waited for, and with it this
 * thread.
 *
 * @throws Error with the code EFTYPE if it is no file, EFBIG if it is larger than `maxBytes`, and what
 * node:fs throws
 */
export function readTextFileSync(path: string | URL, maxBytes = MAX_BYTES): string {
  const handedOver = typeof path === 'string' && HANDED_OVER.test(path);
  const file = openSync(path, handedOver ? constants.O_RDONLY : READ_FLAGS);
  try {
    if (!handedOver) check(fstatSync(file), maxBytes);
    const pieces: Buffer[] = [];
    // What lies in /proc, or grows, does not say how long it is.
    for (let length = 0; ; ) {
      const piece = Buffer.allocUnsafe(BLOCK);
      const read = readSync(file, piece, 0, BLOCK, null);
      if (read === 0) return Buffer.concat(pieces).toString('utf8');
      pieces.push(piece.subarray(0, read));
      length += read;
      if (length > maxBytes) throw tooLarge(maxBytes);
    }
  } finally {
    closeSync(file);
  }
}

/** The same without keeping this thread. Nothing is handed over to it: it reads again and again. */
export async function readTextFile(path: string, maxBytes = MAX_BYTES): Promise<string> {
  const file = await open(path, READ_FLAGS);
  try {
    check(await file.stat(), maxBytes);
    const pieces: Buffer[] = [];
    for (let length = 0; ; ) {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(BLOCK));
      if (bytesRead === 0) return Buffer.concat(pieces).toString('utf8');
      pieces.push(buffer.subarray(0, bytesRead));
      length += bytesRead;
      if (length > maxBytes) throw tooLarge(maxBytes);
    }
  } finally {
    await file.close();
  }
}

function check(stats: Stats, maxBytes: number): void {
  if (stats.isDirectory()) throw unreadable('EISDIR', 'it is a directory');
  if (!stats.isFile()) throw unreadable('EFTYPE', 'it is no file');
  if (stats.size > maxBytes) throw tooLarge(maxBytes);
}

function tooLarge(maxBytes: number): Error {
  return unreadable('EFBIG', `it has more than ${maxBytes} bytes`);
}

function unreadable(code: string, why: string): Error {
  return Object.assign(new Error(`${code}: ${why}`), { code });
}
