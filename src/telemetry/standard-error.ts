import { fstatSync, write, writeSync } from 'node:fs';
import type { LogTarget } from './burst-writer.ts';

const STDERR = 2;

/** Standard error, written without waiting for whoever reads it. */
export function standardError(): LogTarget {
  // Node.js writes to a file, and to a device such as /dev/null, only synchronously.
  const write = isStream() ? writeStream : writeFile;
  // A reader that has gone must not end the process.
  process.stderr.on('error', () => {});
  return { write, writeLast };
}

/** Whether it is a pipe or a socket, which a reader who does not read fills. */
function isStream(): boolean {
  try {
    const stats = fstatSync(STDERR);
    return stats.isFIFO() || stats.isSocket();
  } catch {
    return false;
  }
}

function writeStream(text: string, done: (failed: boolean) => void): void {
  process.stderr.write(text, (error) => done(Boolean(error)));
}

function writeFile(text: string, done: (failed: boolean) => void): void {
  writeBytes(Buffer.from(text), done);
}

function writeBytes(bytes: Buffer, done: (failed: boolean) => void): void {
  write(STDERR, bytes, (error, written) => {
    if (error !== null) done(true);
    else if (written < bytes.length) writeBytes(bytes.subarray(written), done);
    else done(false);
  });
}

function writeLast(text: string): void {
  try {
    writeSync(STDERR, text);
  } catch {
    // Full, or its reader has gone: nobody is left to be told.
  }
}
