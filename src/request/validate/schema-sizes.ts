import type { MessageRequest } from '../../core/message.ts';
import type { Violations } from './violations.ts';

/** All schemas of a request are read in one turn, in which no other call goes on. */
const MAX_TOTAL_BYTES = 1024 * 1024;

/**
 * The schemas of tools and response format together, before any of them is read.
 *
 * @throws ProviderError with all that is known to be wrong if they are too large
 */
export function checkSchemaSizes(
  violations: Violations,
  { tools = [], responseFormat }: MessageRequest,
  model: string,
): void {
  let bytes = 0;
  for (const { inputSchema } of tools) bytes += sizeOf(inputSchema);
  if (responseFormat?.type === 'json_schema') bytes += sizeOf(responseFormat.schema);
  if (bytes <= MAX_TOTAL_BYTES) return;
  violations.malformed(
    'request.tools',
    'must have schemas of at most 1 MiB together, that of the response format included',
  );
  violations.throwIfAny(model);
}

function sizeOf(schema: string | undefined): number {
  return schema === undefined ? 0 : Buffer.byteLength(schema);
}
