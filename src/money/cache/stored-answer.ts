import { crc32 } from 'node:zlib';
import { parseWhole } from '../../core/bigint.ts';
import type { CallRecord } from '../../core/call-record.ts';
import type { Completed, Output, Started } from '../../core/events.ts';
import type { Cost } from '../../core/usage.ts';
import { isStoredAnswer } from './answer-shape.ts';

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

/**
 * Of what `encodeAnswer` makes. To be raised with every change of StoredAnswer and of what is in it: stores
 * outlive the program that wrote them, and several versions of it may share one.
 */
const FORMAT = 1;

/** Before the text: the format, and what tells whether the text is whole. */
const HEAD_LENGTH = 10;

/** As bytes, which take what they say of memory, and none of the heap. They are UTF-8. */
export function encodeAnswer(answer: StoredAnswer): Buffer {
  const { cost, ...same } = answer;
  // JSON has no bigints.
  const flat = cost && { ...cost, picoDollars: String(cost.picoDollars) };
  const bytes = Buffer.from(
    ' '.repeat(HEAD_LENGTH) + JSON.stringify({ ...same, ...(flat && { cost: flat }) }),
  );
  bytes.write(headOf(bytes), 'latin1');
  return bytes;
}

/**
 * Undefined: it is damaged, or of another version, or others who write into the store have made it up. Whoever asks
 * does without.
 */
export function decodeAnswer(bytes: Buffer): StoredAnswer | undefined {
  if (bytes.toString('latin1', 0, HEAD_LENGTH) !== headOf(bytes)) return undefined;
  try {
    const { started, deltas, end, cost } = JSON.parse(bytes.toString('utf8', HEAD_LENGTH));
    const answer = {
      started,
      deltas,
      end,
      ...(cost && { cost: { ...cost, picoDollars: parseWhole(cost.picoDollars) } }),
    };
    return isStoredAnswer(answer) ? answer : undefined;
  } catch {
    return undefined;
  }
}

function headOf(bytes: Buffer): string {
  const sum = crc32(bytes.subarray(HEAD_LENGTH)).toString(16).padStart(8, '0');
  return `${FORMAT} ${sum}`;
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
