import { DAY_MS } from '../core/clock.ts';
import { type FieldViolation, ProviderError } from '../core/errors.ts';
import { checkMetadata } from '../request/validate/metadata.ts';
import {
  exceedsBytes,
  IDEMPOTENCY_KEY,
  IDEMPOTENCY_KEY_RULE,
  isPrintable,
} from '../request/validate/text.ts';
import { Violations } from '../request/validate/violations.ts';
import type { CreateBatchOptions } from './batch-provider.ts';

const MAX_NAME_BYTES = 128;
const MAX_WINDOW_MS = 30 * DAY_MS;
const MIN_WINDOW_MS = 1_000;

/** Of a batch whose options name none, in ms: what OpenAI takes. */
export const DEFAULT_WINDOW_MS = DAY_MS;

/** @throws ProviderError INVALID_REQUEST with everything that is wrong */
export function checkOptions(options: CreateBatchOptions): void {
  const found: FieldViolation[] = [...options.violations];
  const add = (field: string, description: string) =>
    found.push({ field: `options.${field}`, description });
  const { displayName, idempotencyKey, completionWindowMs, maxCost } = options;
  if (exceedsBytes(displayName, MAX_NAME_BYTES) || !isPrintable(displayName)) {
    add('display_name', `must be at most ${MAX_NAME_BYTES} bytes without control characters`);
  }
  if (!IDEMPOTENCY_KEY.test(idempotencyKey)) {
    add('idempotency_key', IDEMPOTENCY_KEY_RULE);
  }
  const isWindow = (ms: number) => ms >= MIN_WINDOW_MS && ms <= MAX_WINDOW_MS;
  if (completionWindowMs !== undefined && !isWindow(completionWindowMs)) {
    add('completion_window', 'must be between 1 s and 30 days');
  }
  if (maxCost !== undefined && maxCost <= 0n) add('max_cost', 'must be greater than 0');
  const metadata = new Violations([]);
  checkMetadata(metadata, options.metadata);
  for (const { field, description } of foundBy(metadata)) {
    found.push({ field: field.replace(/^request\./, 'options.'), description });
  }
  if (found.length > 0) throw new ProviderError('INVALID_REQUEST', { fieldViolations: found });
}

function foundBy(violations: Violations): readonly FieldViolation[] {
  try {
    violations.throwIfAny('');
    return [];
  } catch (thrown) {
    return ProviderError.from(thrown).facts.fieldViolations ?? [];
  }
}
