import type { Call } from '../../core/call.ts';
import type { ErrorReason } from '../../core/error-kinds.ts';
import type { ProviderError, TimeoutPhase } from '../../core/errors.ts';

/**
 * What a failed attempt says against its upstream: it does not answer (`down`), or it answers, but
 * not to us (`refusing`) until a key, an account or a permission is mended.
 */
export type UpstreamTrouble = 'down' | 'refusing';

/** Reasons that are not here are the request's affair, the caller's or this process's. */
const TROUBLES: { readonly [reason in ErrorReason]?: UpstreamTrouble } = {
  TIMEOUT: 'down',
  NETWORK_ERROR: 'down',
  SERVICE_UNAVAILABLE: 'down',
  PROVIDER_ERROR: 'down',
  INVALID_API_KEY: 'refusing',
  PERMISSION_DENIED: 'refusing',
  QUOTA_EXCEEDED: 'refusing',
};

/**
 * From which on a silence tells against the upstream, although the caller's deadline ended it, in ms:
 * before the headers, which come at once also where the model thinks.
 */
const SILENCE_MS = 5_000;

/** Whether the deadline ended an attempt that the upstream had not answered for long. */
export function isSilent(error: ProviderError, { record }: Call, tookMs: number): boolean {
  const { reason, facts } = error;
  if (facts.staleConnection) return false;
  return reason === 'DEADLINE_EXCEEDED' && record.upstreamStatus === 0 && tookMs >= SILENCE_MS;
}

/** What `error`, which ended an attempt of `call`, says against the upstream; undefined: nothing. */
export function troubleOf(error: ProviderError, call: Call): UpstreamTrouble | undefined {
  // Whatever broke when the caller, the deadline or the drain ended the call, broke because of it.
  if (call.signal.aborted) return undefined;
  const { staleConnection, unreadable, concernsRequest, unasked } = error.facts;
  if (staleConnection || unreadable || concernsRequest || unasked) return undefined;
  if (isCallersLimit(error.facts.timeoutPhase, call)) return undefined;
  return TROUBLES[error.reason];
}

/** Whether the caller chose the time that was up: it may be shorter than any upstream can keep. */
function isCallersLimit(phase: TimeoutPhase | undefined, call: Call): boolean {
  if (phase === 'first_token') return call.firstTokenTimeoutMs !== undefined;
  if (phase === 'idle') return call.idleTimeoutMs !== undefined;
  return false;
}
