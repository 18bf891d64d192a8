import type { FileHandle } from 'node:fs/promises';
import type { BatchPart } from '../money/batches/batch.ts';
import type { BatchBooks } from '../money/batches/batch-store.ts';
import type { ItemFiles, LinePlace } from './item-files.ts';

/** Rows that are read together. */
const PAGE = 2_000;

/** Most bytes that are read at once. */
const MAX_BYTES = 256 * 1024;

/** The lines of a part's items that have no result, in order, as one file. */
export async function* partContent(
  batch: string,
  part: BatchPart,
  { books, files }: { readonly books: BatchBooks; readonly files: ItemFiles },
): AsyncGenerator<Uint8Array> {
  const file = await files.open(batch, part.file);
  try {
    for await (const run of runs(batch, part.number, books)) yield* readRun(file, run);
  } finally {
    await file.close();
  }
}

/** Where lines stand that follow upon each other, their ends included. */
async function* runs(batch: string, part: number, books: BatchBooks): AsyncGenerator<LinePlace> {
  let run: LinePlace | undefined;
  let after = 0;
  for (;;) {
    const items = await books.openItems(batch, part, after, PAGE);
    for (const { number, offset, length } of items) {
      after = number;
      if (run !== undefined && run.offset + run.length === offset) {
        run = { offset: run.offset, length: run.length + length + 1 };
        continue;
      }
      if (run !== undefined) yield run;
      run = { offset, length: length + 1 };
    }
    if (items.length < PAGE) break;
  }
  if (run !== undefined) yield run;
}

async function* readRun(file: FileHandle, { offset, length }: LinePlace) {
  for (let at = 0; at < length; ) {
    const wanted = Math.min(MAX_BYTES, length - at);
    const { buffer, bytesRead } = await file.read(
      Buffer.allocUnsafe(wanted),
      0,
      wanted,
      offset + at,
    );
    if (bytesRead === 0) throw new Error('A file of a batch is shorter than it was.');
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
