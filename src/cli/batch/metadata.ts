import type { BatchOptions } from '../commands/batch.ts';

/** Of the gRPC call: whose batches it sees. */
export function metadataOf({ project }: BatchOptions): Readonly<Record<string, string>> {
  return project === undefined ? {} : { project_id: project };
}
