import type { Outcome, TokenCounts } from '../../test/support/storm/caller.ts';
import type { ChatUsage, RecordedRequest } from '../../test/support/upstream/index.ts';
import type { Plan } from './plan.ts';
import type { Stage } from './upstream.ts';

/** A call, and how far its answer was when it was cancelled. */
export interface StormOutcome extends Outcome<Plan> {
  readonly stage?: Stage;
}

const OK = 0;
const CANCELLED = 1;

/** What is wrong with a call, in a few words; undefined if it is as it must be. */
export function problemOf(
  { plan, status, content, completed, disorder, stage }: StormOutcome,
  record: RecordedRequest | undefined,
): string | undefined {
  if (status === undefined) return 'never ended';
  if (disorder !== undefined) return disorder;
  const sent = plan.deltas.join('');
  if (!sent.startsWith(content)) return 'text that was not sent';
  if (status === CANCELLED && stage !== undefined) {
    return completed !== undefined && stage !== 'over' ? 'completed although cancelled' : undefined;
  }
  if (status !== OK) return `status ${status}`;
  if (content !== sent) return 'text is not whole';
  if (completed === undefined) return 'not completed';
  const usage = record?.sentUsage;
  const isSame = usage !== undefined && sameUsage(completed.usage, usage);
  return isSame ? undefined : 'other usage than sent';
}

function sameUsage(told: TokenCounts, sent: ChatUsage): boolean {
  return (
    told.inputTokens === sent.prompt_tokens &&
    told.outputTokens === sent.completion_tokens &&
    told.totalTokens === sent.total_tokens
  );
}
