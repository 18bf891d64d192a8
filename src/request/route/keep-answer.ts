import type { Call } from '../../core/call.ts';
import type { Target } from '../../core/model.ts';

/** Why an answer is not kept here, so that a break cannot be mended; undefined: it is. */
function whyNotKept(target: Target, allowStored: boolean): string | undefined {
  if (!allowStored) return 'the configuration does not allow answers to be stored (allowStored)';
  if (target.surface !== 'responses') return 'it is asked over the Chat Completions API';
  if (!target.model.supports.streaming) return 'its model does not stream';
  return undefined;
}

/**
 * Whether the upstream is to keep the answer of a call that wants to be gone on with, and else a warning:
 * the caller gets the recovery that is next best.
 */
export function keeping(
  { recovery }: Pick<Call, 'recovery'>,
  target: Target,
  { upstream, allowStored }: { readonly upstream: string; readonly allowStored: boolean },
): { readonly keeps?: true; readonly warnings: readonly string[] } {
  if (recovery !== 'resume') return { warnings: [] };
  const why = whyNotKept(target, allowStored);
  if (why === undefined) return { keeps: true, warnings: [] };
  return {
    warnings: [`A break is answered with RESTART, for ${upstream} offers no RESUME: ${why}.`],
  };
}
