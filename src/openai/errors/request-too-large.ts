import type { ErrorFacts } from '../../core/errors.ts';
import { tokenCount, type UpstreamErrorBody } from './error-object.ts';

/**
 * How OpenAI words a refused rate: "Request too large for gpt-4o … on tokens per min (TPM): Limit 30000,
 * Requested 36055", and where only others are in the way "Rate limit reached for … Limit 30000, Used
 * 29000, Requested 2000".
 */
const LIMIT = /\bLimit:? (\d{1,10})\b/i;
const REQUESTED = /\bRequested:? (\d{1,10})\b/i;
/** A limit per day or on requests is worded alike, and is one that a request fits. */
const OF_TOKENS = /\btokens per min\b|\bTPM\b/i;

/** What a refusal says of a request that is larger than the tokens of a minute; undefined: it is not. */
export function requestTooLarge({ message }: UpstreamErrorBody): ErrorFacts | undefined {
  if (!OF_TOKENS.test(message)) return undefined;
  const tokenLimit = tokenCount(LIMIT.exec(message)?.[1]);
  const countedTokens = tokenCount(REQUESTED.exec(message)?.[1]);
  if (tokenLimit === undefined || countedTokens === undefined) return undefined;
  if (countedTokens <= tokenLimit) return undefined;
  return {
    message: `The request has ${countedTokens} tokens, and the upstream takes ${tokenLimit} a minute: it can never be sent there.`,
    countedTokens,
    tokenLimit,
    neverFits: true,
    shouldRetry: false,
    quotaSubject: 'tokens per minute',
  };
}
