import type { BatchLineResult, UpstreamBatches } from '../core/upstream-batches.ts';

/** The same, keeping what it works with as long as something runs. @param enter returns what lets go */
export function heldBatches(batches: UpstreamBatches, enter: () => () => void): UpstreamBatches {
  async function held<T>(work: () => Promise<T>): Promise<T> {
    const leave = enter();
    try {
      return await work();
    } finally {
      leave();
    }
  }
  async function* results(
    fileId: string,
    key: string,
    signal: AbortSignal,
  ): AsyncGenerator<BatchLineResult | undefined> {
    const leave = enter();
    try {
      yield* batches.results(fileId, key, signal);
    } finally {
      leave();
    }
  }
  return {
    line: (customId, call) => batches.line(customId, call),
    keys: batches.keys,
    upload: (...values) => held(() => batches.upload(...values)),
    findFile: (...values) => held(() => batches.findFile(...values)),
    deleteFile: (...values) => held(() => batches.deleteFile(...values)),
    create: (...values) => held(() => batches.create(...values)),
    find: (...values) => held(() => batches.find(...values)),
    retrieve: (...values) => held(() => batches.retrieve(...values)),
    cancel: (...values) => held(() => batches.cancel(...values)),
    results,
  };
}
