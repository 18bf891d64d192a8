import type { CallRecord } from '../../core/call-record.ts';
import type { ProviderError } from '../../core/errors.ts';

/** A call that answered a conversation, or failed to, and is over. Nothing of its content. */
export interface EndedCall {
  readonly id: string;
  readonly traceId: string;
  readonly method: string;
  /** Epoch ms. */
  readonly endedAt: number;
  readonly record: CallRecord;
  /** Absent: it was answered. */
  readonly error?: ProviderError | undefined;
}
