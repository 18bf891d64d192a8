import type { MessageRequest } from '../../core/message.ts';
import { checkShortText, checkWellFormed, IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_RULE } from './text.ts';
import type { Violations } from './violations.ts';

/** Words of sets that grow are not checked for membership, only for being words. */
const MAX_WORD_BYTES = 64;
const MAX_CACHE_KEY_BYTES = 1_024;
const MAX_SAFETY_IDENTIFIER_BYTES = 64;

const VERBOSITIES: readonly string[] = ['low', 'medium', 'high'];
const REASONING_SUMMARIES: readonly string[] = ['auto', 'concise', 'detailed'];
const CACHE_RETENTIONS: readonly string[] = ['in_memory', '24h'];
const CACHE_MODES: readonly string[] = ['implicit', 'explicit'];
const CACHE_TTLS: readonly string[] = ['30m', '12h'];

/** How the upstream serves the request: effort, tier, caching, identity. */
export function checkService(violations: Violations, request: MessageRequest): void {
  const short = (field: string, text: string | undefined, maxBytes: number) =>
    checkShortText(violations, `request.${field}`, text, maxBytes);
  short('reasoning_effort', request.reasoningEffort, MAX_WORD_BYTES);
  short('service_tier', request.serviceTier, MAX_WORD_BYTES);
  short('prompt_cache_key', request.promptCacheKey, MAX_CACHE_KEY_BYTES);
  short('safety_identifier', request.safetyIdentifier, MAX_SAFETY_IDENTIFIER_BYTES);
  const { idempotencyKey } = request;
  if (idempotencyKey !== undefined && !IDEMPOTENCY_KEY.test(idempotencyKey)) {
    violations.malformed('request.idempotency_key', IDEMPOTENCY_KEY_RULE);
  }
  const { ttlMs } = request.cache ?? {};
  if (ttlMs !== undefined && !(ttlMs > 0)) {
    violations.malformed('request.cache.ttl', 'must be greater than 0');
  }
  const oneOf = (field: string, text: string | undefined, words: readonly string[]) => {
    if (!text || words.includes(text)) return;
    violations.malformed(`request.${field}`, `must be one of ${words.join(', ')}`);
  };
  oneOf('reasoning_summary', request.reasoningSummary, REASONING_SUMMARIES);
  oneOf('verbosity', request.verbosity, VERBOSITIES);
  oneOf('prompt_cache_retention', request.promptCacheRetention, CACHE_RETENTIONS);
  oneOf('prompt_cache_options.mode', request.promptCacheOptions?.mode, CACHE_MODES);
  oneOf('prompt_cache_options.ttl', request.promptCacheOptions?.ttl, CACHE_TTLS);
  checkWellFormed(violations, 'request.prediction', request.prediction);
}
