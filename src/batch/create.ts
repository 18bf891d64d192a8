import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Tracer } from '@opentelemetry/api';
import type { Clock } from '../core/clock.ts';
import type { ProviderLog } from '../core/provider-log.ts';
import type { BatchBooks } from '../money/batches/batch-store.ts';
import type { BatchMeans } from '../provider/batch-means.ts';
import type { Instruments } from '../telemetry/instruments.ts';
import { Changes } from './changes.ts';
import { ItemFiles } from './item-files.ts';
import { Lanes } from './lane.ts';
import type { BatchOptions } from './options.ts';
import { BatchRetention } from './retention.ts';
import { BatchRunner } from './runner.ts';
import { BatchService } from './service.ts';

export interface BatchEnvironment {
  readonly means: BatchMeans;
  readonly books: BatchBooks;
  readonly clock: Clock;
  readonly log: ProviderLog;
  readonly tracer: Tracer;
  readonly instruments: Pick<Instruments, 'batchItems' | 'batches' | 'cost'>;
  /** Makes ids of batches. Default: random UUIDs. */
  readonly newId?: () => string;
}

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
