import type { Call } from '../../core/call.ts';
import type { ErrorReason } from '../../core/error-kinds.ts';
import type { ProviderError } from '../../core/errors.ts';
import { type LeftRoute, type Route, routeName } from '../../core/route.ts';
import { roomOf } from '../context/fit-to-window.ts';

/** Whoever fails like this does so whichever model it is asked for: another key is needed. */
const FAILURES_OF_ACCOUNTS: readonly ErrorReason[] = [
  'INVALID_API_KEY',
  'QUOTA_EXCEEDED',
  'PERMISSION_DENIED',
];

/** The routes that the call has left once it leaves this one. */
export function leftAfter(call: Call, from: Route, error: ProviderError): readonly LeftRoute[] {
  const limit = error.reason === 'CONTEXT_TOO_LONG' ? limitOf(call, error) : undefined;
  const leaving = { ...from, reason: error.reason };
  return [...(call.left ?? []), limit === undefined ? leaving : { ...leaving, inputLimit: limit }];
}

/** The upstream knows best what its model takes. */
function limitOf(call: Call, { facts }: ProviderError): number | undefined {
  return facts.tokenLimit ?? roomOf(call)?.limit;
}

/** Whether a route may answer where these did not, as far as its name tells. */
export function mayAnswer({ upstream }: Route, left: readonly LeftRoute[]): boolean {
  return left.every(
    ({ upstream: failed, reason }) => failed !== upstream || !FAILURES_OF_ACCOUNTS.includes(reason),
  );
}

/**
 * Whether a conversation may fit a prepared call's model that was too long for some of these: the
 * model takes longer ones, or nobody knows what it takes.
 */
export function takesMore(call: Call, left: readonly LeftRoute[]): boolean {
  const limit = roomOf(call)?.limit ?? Number.POSITIVE_INFINITY;
  return left.every(({ inputLimit = 0 }) => limit > inputLimit);
}

/** For the caller, one sentence for each step on the way to a route. */
export function fallbackWarnings(left: readonly LeftRoute[], to: Route): readonly string[] {
  return left.map((from, index) => {
    const next = left[index + 1] ?? to;
    return `Fell back from ${routeName(from)} to ${routeName(next)}: ${from.reason}.`;
  });
}
