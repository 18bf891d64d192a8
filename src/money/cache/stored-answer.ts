import type { CallRecord } from '../../core/call.ts';
import type { Completed, Cost, Output, Started } from '../../core/events.ts';

/** What an answer ends with, without what belongs to the call that it was made for. */
export type AnswerEnd = Omit<
  Completed,
  | 'usage'
  | 'cost'
  | 'attempts'
  | 'failedAttempts'
  | 'timings'
  | 'cached'
  | 'saved'
  | 'shared'
  | 'cacheKey'
>;

/** A whole answer, to be given again. */
export interface StoredAnswer {
  readonly started: Pick<Started, 'responseId' | 'model' | 'effectiveSettings' | 'target'>;
  /** Adjacent ones of a kind as one. */
  readonly deltas: readonly Output[];
  readonly end: AnswerEnd;
  /** See `costToMake`. Absent: costs are not tracked. */
  readonly cost?: Cost;
}

/** As bytes, which take what they say of memory, and none of the heap. */
export function encodeAnswer(answer: StoredAnswer): Buffer {
  const { cost, ...same } = answer;
  // JSON has no bigints.
  const flat = cost && { ...cost, picoDollars: String(cost.picoDollars) };
  return Buffer.from(JSON.stringify({ ...same, ...(flat && { cost: flat }) }));
}

/** @param bytes what `encodeAnswer` made */
export function decodeAnswer(bytes: Buffer): StoredAnswer {
  const { cost, ...same } = JSON.parse(bytes.toString());
  return cost ? { ...same, cost: { ...cost, picoDollars: BigInt(cost.picoDollars) } } : same;
}

/** What an answer cost when it was made, without the attempts that failed before. */
export function costToMake({ saved }: Completed, { charges }: CallRecord): Cost | undefined {
  return saved ?? charges.findLast(({ outcome }) => outcome === 'completed')?.cost;
}

export function endOf(completed: Completed): AnswerEnd {
  const { type, finishReason, rawFinishReason, toolCalls, reasoningItems, providerData } =
    completed;
  const { model, target, serviceTier, systemFingerprint } = completed;
  return {
    type,
    finishReason,
    rawFinishReason,
    toolCalls,
    reasoningItems,
    ...(providerData !== undefined && { providerData }),
    model,
    target,
    serviceTier,
    systemFingerprint,
  };
}
