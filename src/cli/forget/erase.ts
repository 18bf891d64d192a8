import { join } from 'node:path';
import { BATCH_DIRECTORY } from '../../batch/create.ts';
import { ItemFiles } from '../../batch/item-files.ts';
import type { Config } from '../../config/config.ts';
import { forgetAnswers } from '../../money/cache/answer-operations.ts';
import { type Forgotten, LedgerEraser } from '../../money/ledger/eraser.ts';
import { messageOf } from '../../money/store/ledger-error.ts';
import { budgetDefinitions } from '../../provider-options.ts';
import { forgetInStore } from '../../shared-store/forget.ts';
import { CliError } from '../cli.ts';

/** What was erased where. */
interface Erased {
  /** Absent: nothing is kept in a directory. */
  readonly directory?: {
    readonly path: string;
    readonly records: number;
    readonly days: number;
    readonly batches: number;
    /** Whether there were answers of the response cache, all of which are gone. */
    readonly cache: boolean;
  };
  /** Absent: nothing is shared. Keys and fields are counted. */
  readonly sharedStore?: { readonly keys: number };
}

/** @throws CliError if something stays; what could be erased before is. */
export async function eraseFrom(config: Config, forgotten: Forgotten): Promise<Erased> {
  const { dataDir, redisUrl } = config;
  try {
    return {
      ...(dataDir !== undefined && { directory: await eraseFromDirectory(dataDir, forgotten) }),
      ...(redisUrl !== undefined && {
        sharedStore: { keys: await eraseFromStore(redisUrl, config, forgotten) },
      }),
    };
  } catch (error) {
    throw new CliError('failed', messageOf(error));
  }
}

/** A line for each place. */
export function inWords({ directory, sharedStore }: Erased): string {
  const told: string[] = [];
  if (directory !== undefined) {
    const { path, records, days, batches, cache } = directory;
    const answers = cache ? ', all cached answers' : '';
    told.push(`${path}: ${records} records, ${days} sums of days, ${batches} batches${answers}`);
  }
  if (sharedStore !== undefined) told.push(`shared store: ${sharedStore.keys} keys and fields`);
  return told.length > 0
    ? told.join('\n')
    : 'nothing is kept: there is neither a dataDir nor a shared store';
}

async function eraseFromStore(url: string, config: Config, forgotten: Forgotten): Promise<number> {
  const scopes = new Map(budgetDefinitions(config).map(({ name, scope }) => [name, scope]));
  const store = {
    url,
    keyPrefix: config.redis.keyPrefix,
    timeoutMs: config.redis.timeoutMs,
    scopeOf: (budget: string) => scopes.get(budget),
  };
  return forgetInStore(store, forgotten);
}

async function eraseFromDirectory(path: string, forgotten: Forgotten) {
  const eraser = new LedgerEraser(path);
  try {
    const batches = eraser.batches(forgotten);
    const files = new ItemFiles(join(path, BATCH_DIRECTORY));
    for (const id of batches) await files.delete(id);
    eraser.deleteBatches(batches);
    const erased = eraser.erase(forgotten);
    return { path, ...erased, batches: batches.length, cache: forgetAnswers(path) };
  } finally {
    eraser.close();
  }
}
