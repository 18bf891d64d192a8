import type { Call, Emit } from '../../core/call.ts';
import { type Completed, lengthOf, type Output, type ProviderEvent } from '../../core/events.ts';
import { splitDelta } from '../../core/split-delta.ts';
import { estimatedUsage, estimateTokens } from '../../core/usage.ts';
import type { StoredAnswer } from './stored-answer.ts';

/** Characters of a delta: what a reader can show at once, and few enough messages for a short answer. */
const PIECE_LENGTH = 1_024;

/** Nothing was used, and that is no estimate. */
export const NO_USAGE = { ...estimatedUsage(0, 0), estimated: false };

/**
 * Gives a stored answer to a call, as if it were made just now, no faster than its reader takes it.
 * Rejects with the end of the call if that comes before.
 */
export async function replay(answer: StoredAnswer, call: Call, emit: Emit): Promise<Completed> {
  const { warnings, truncation } = call;
  emit({
    ...answer.started,
    type: 'started',
    upstreamRequestId: '',
    attempt: 0,
    warnings,
    ...(truncation && { truncation }),
  });
  let characters = 0;
  for (const delta of answer.deltas) {
    for (const piece of splitDelta(delta, PIECE_LENGTH)) {
      if (call.flow.held) await call.flow.released(call.signal);
      if (piece.type !== 'hostedTool' && piece.type !== 'annotation') characters += lengthOf(piece);
      emit(counted(piece, characters));
    }
  }
  return {
    ...answer.end,
    usage: NO_USAGE,
    ...(answer.cost && { saved: answer.cost }),
    attempts: 0,
    failedAttempts: [],
    timings: { queueMs: 0, backoffMs: 0, totalMs: 0 },
    cached: false,
  };
}

/** The stored count is that of the whole delta. */
function counted(piece: ProviderEvent, characters: number): Output {
  const delta = piece as Output;
  return delta.type === 'textDelta'
    ? { ...delta, outputTokensSoFar: estimateTokens(characters) }
    : delta;
}
