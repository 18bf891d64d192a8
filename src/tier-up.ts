import { setFlagsFromString } from 'node:v8';

/**
 * After how many invocations V8 optimizes a function: by default Maglev after 400, TurboFan after 3,000, and neither
 * before 500 with the types seen last. Most functions run once a call, so a sidecar of ten calls a second took half an
 * hour until a call cost no more than it must. See docs/decisions/2026-11-29-optimized-after-fewer-calls.md.
 */
export const TIER_UP = {
  'invocation-count-for-maglev': 200,
  'invocation-count-for-turbofan': 1000,
  'minimum-invocations-after-ic-update': 200,
} as const;

/**
 * Has V8 optimize sooner, in all threads of the process. Once everything is loaded: V8 takes no compiled
 * code from a cache that was made with other flags.
 */
export function optimizeSooner(): void {
  for (const [flag, count] of Object.entries(TIER_UP)) setFlagsFromString(`--${flag}=${count}`);
}
