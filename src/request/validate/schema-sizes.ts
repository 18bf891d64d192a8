import type { MessageRequest } from '../../core/message.ts';
import { Values } from './json-values.ts';
import type { Violations } from './violations.ts';

/** All schemas of a request are read in one turn, in which no other call goes on. */
const MAX_TOTAL_BYTES = 1024 * 1024;
/** Each is read several times, numbers as they are written. OpenAI takes 5,000 properties and 1,000 values of enumerations. */
const MAX_TOTAL_VALUES = 65_536;

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
  const schemas = tools.map(({ inputSchema = '' }) => inputSchema);
  if (responseFormat?.type === 'json_schema') schemas.push(responseFormat.schema);
  const bytes = schemas.reduce((sum, schema) => sum + Buffer.byteLength(schema), 0);
  // Each value takes a byte.
  if (bytes <= MAX_TOTAL_VALUES) return;
  if (bytes <= MAX_TOTAL_BYTES && new Values(MAX_TOTAL_VALUES).add(...schemas)) return;
  violations.malformed(
    'request.tools',
    'must have schemas of at most 1 MiB and 65,536 values together, with 16,384 different names at most, that of the response format included',
  );
  violations.throwIfAny(model);
}
