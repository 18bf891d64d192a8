import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
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

/** Batches, ready to be started. @param dataDir where the books are, too */
export function createBatches(
  dataDir: string,
  options: BatchOptions,
  environment: BatchEnvironment,
): BatchService {
  const deps = {
    ...environment,
    options,
    files: new ItemFiles(join(dataDir, BATCH_DIRECTORY)),
    lanes: new Lanes(),
    changes: new Changes(),
  };
  const runner = new BatchRunner(deps);
  environment.instruments.batches.addCallback((result) => result.observe(runner.active.length));
  return new BatchService({
    ...deps,
    runner,
    retention: new BatchRetention(options.retentionMs, deps),
    newId: environment.newId ?? randomUUID,
  });
}
