import type { SpanContext, Tracer } from '@opentelemetry/api';
import type { Clock } from '../core/clock.ts';
import type { ProviderError } from '../core/errors.ts';
import type { ProviderLog } from '../core/provider-log.ts';
import type { Batch } from '../money/batches/batch.ts';
import type { BatchBooks } from '../money/batches/batch-store.ts';
import type { CostInstruments } from '../money/pricing/measure-cost.ts';
import type { BatchMeans } from '../provider/batch-means.ts';
import type { Instruments } from '../telemetry/instruments.ts';
import type { Changes } from './changes.ts';
import type { ItemFiles } from './item-files.ts';
import type { Lanes } from './lane.ts';
import type { BatchOptions } from './options.ts';

/** What batches take of the process and its provider. */
export interface BatchEnvironment {
  readonly means: BatchMeans;
  readonly books: BatchBooks;
  readonly clock: Clock;
  readonly log: ProviderLog;
  readonly tracer: Tracer;
  readonly instruments: CostInstruments & Pick<Instruments, 'batchItems' | 'batches'>;
  /** Makes ids of batches. Default: random UUIDs. */
  readonly newId?: () => string;
}

/** What working off batches needs. */
export interface RunDeps extends Omit<BatchEnvironment, 'instruments' | 'newId'> {
  readonly instruments: CostInstruments & Pick<Instruments, 'batchItems'>;
  readonly options: BatchOptions;
  readonly files: ItemFiles;
  readonly lanes: Lanes;
  readonly changes: Changes;
}

/** A batch that is worked off, and what ends that. */
export interface Work {
  readonly batch: Batch;
  /** The span of the call that made it. Absent: another process took it. */
  readonly creator: SpanContext | undefined;
  /** The process stops: everything stays as it is. */
  readonly stop: AbortSignal;
  /** Aborts for that, or because the batch was cancelled or has expired. */
  readonly end: AbortSignal;
  /** Why the batch is to end; undefined: it is not. */
  readonly halted: ProviderError | undefined;
  /** Epoch ms since when it is. */
  readonly haltedAt: number;
  /** Notes what an operator or the caller should know. */
  problem(sentence: string): Promise<void>;
}

export function throwIfHalted({ halted }: Work): void {
  if (halted !== undefined) throw halted;
}
