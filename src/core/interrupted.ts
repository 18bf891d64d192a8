import { ProviderError } from './errors.ts';

/** What becomes of a failure for whoever has output that is not taken back. */
export function interrupted(error: ProviderError): ProviderError {
  // Its own message and its wait belong to the reason it no longer has.
  const { message: _message, retryAfterMs: _retryAfterMs, ...facts } = error.facts;
  return new ProviderError('STREAM_INTERRUPTED', { ...facts, cause: error });
}
