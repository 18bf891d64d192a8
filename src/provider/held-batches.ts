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
    signal: AbortSignal,
  ): AsyncGenerator<BatchLineResult | undefined> {
    const leave = enter();
    try {
      yield* batches.results(fileId, signal);
    } finally {
      leave();
    }
  }
  return {
    line: (customId, call) => batches.line(customId, call),
    upload: (file, signal) => held(() => batches.upload(file, signal)),
    findFile: (file, since, signal) => held(() => batches.findFile(file, since, signal)),
    deleteFile: (id, signal) => held(() => batches.deleteFile(id, signal)),
    create: (batch, signal) => held(() => batches.create(batch, signal)),
    find: (metadata, since, signal) => held(() => batches.find(metadata, since, signal)),
    retrieve: (id, signal) => held(() => batches.retrieve(id, signal)),
    cancel: (id, signal) => held(() => batches.cancel(id, signal)),
    results,
  };
}
