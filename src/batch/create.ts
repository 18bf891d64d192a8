import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { booksInTurn } from './books-in-turn.ts';
import { Changes } from './changes.ts';
import { ItemFiles } from './item-files.ts';
import { Lanes } from './lane.ts';
import type { BatchOptions } from './options.ts';
import { BatchRetention } from './retention.ts';
import type { BatchEnvironment } from './run-deps.ts';
import { BatchRunner } from './runner.ts';
import { BatchService } from './service.ts';

/** Below the data directory. */
export const BATCH_DIRECTORY = 'batches';

/** Callers who wait for the database: a thousand may wait for results of one batch, and all look when it has some. */
const MAX_WAITING_CALLERS = 4_096;

/** Batches, ready to be started. @param dataDir where the books are, too */
export function createBatches(
  dataDir: string,
  options: BatchOptions,
  environment: BatchEnvironment,
): BatchService {
  const { books } = environment;
  const deps = {
    ...environment,
    // An answer that was paid for is not to be lost since too many wait.
    books: booksInTurn(books, Number.POSITIVE_INFINITY),
    options,
    files: new ItemFiles(join(dataDir, BATCH_DIRECTORY)),
    lanes: new Lanes(),
    changes: new Changes(),
  };
  const runner = new BatchRunner(deps);
  environment.instruments.batches.addCallback((result) => result.observe(runner.active.length));
  return new BatchService({
    ...deps,
    books: booksInTurn(books, MAX_WAITING_CALLERS),
    runner,
    retention: new BatchRetention(options.retentionMs, deps),
    newId: environment.newId ?? randomUUID,
  });
}
