import type { ChatUsage, RecordedRequest } from '../../test/support/upstream/index.ts';
import type { Message, Outcome, TokenCounts } from './caller.ts';

const OK = 0;
const CANCELLED = 1;

/** What is wrong with a call, in a few words; undefined if it is as it must be. */
export function problemOf(
  { plan, status, messages, cancelled }: Outcome,
  record: RecordedRequest | undefined,
): string | undefined {
  if (status === undefined) return 'never ended';
  if (messages.some(({ sequence }, at) => sequence !== at + 1)) return 'gap in the sequence';
  const text = messages.map((message) => message.textDelta?.text ?? '').join('');
  const sent = plan.deltas.join('');
  if (!sent.startsWith(text)) return 'text that was not sent';
  const completed = messages.filter(({ event }) => event === 'completed');
  if (status === CANCELLED && cancelled !== undefined) {
    const wasOver = cancelled.stage === 'over';
    return completed.length > 0 && !wasOver ? 'completed although cancelled' : undefined;
  }
  if (status !== OK) return `status ${status}`;
  if (text !== sent) return 'text is not whole';
  if (completed.length !== 1) return `${completed.length} completed`;
  return endingProblem(messages.at(-1), record?.sentUsage);
}

function endingProblem(last: Message | undefined, sent: ChatUsage | undefined): string | undefined {
  if (last?.completed === undefined) return 'something behind completed';
  if (sent === undefined || !sameUsage(last.completed.usage, sent)) return 'other usage than sent';
  return undefined;
}

function sameUsage(told: TokenCounts, sent: ChatUsage): boolean {
  return (
    told.inputTokens === sent.prompt_tokens &&
    told.outputTokens === sent.completion_tokens &&
    told.totalTokens === sent.total_tokens
  );
}
