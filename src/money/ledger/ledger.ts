import type { Charge } from '../../core/call-record.ts';
import type { StoreStatus } from '../../core/store-status.ts';
import type { AnswerPlace } from '../../core/upstream-answers.ts';
import type { BatchBooks } from '../batches/batch-store.ts';
import type { DiskSpace } from '../store/disk.ts';
import type { Totals } from './totals.ts';

/** An attempt that is about to be made, as the ledger needs it should the process die in it. */
export interface LedgerOpening {
  readonly callId: string;
  /** Empty: the call is not traced. */
  readonly traceId: string;
  readonly attempt: number;
  readonly upstream: string;
  /** As in Charge. */
  readonly model: string;
  /** From the metadata; empty if they name none. */
  readonly userId: string;
  readonly projectId: string;
  /** Tokens of the prompt, counted or estimated. */
  readonly inputTokens: number;
  /** Epoch ms. */
  readonly startedAt: number;
  /** The price of a token of input and of output, in pico-dollars; absent: not known. */
  readonly prices?: { readonly input: bigint; readonly output: bigint } | undefined;
  readonly catalogueVersion: string;
}

/** How the ledger is, for operators. */
export interface LedgerStatus extends StoreStatus {
  /** Records that were lost since the process started: they are in the sums of the log alone. */
  readonly lost: number;
  /** Absent: it is in memory, or not known. */
  readonly disk?: DiskSpace;
}

/** Who an attempt is billed to. */
export type Payer = Pick<LedgerOpening, 'userId' | 'projectId'>;

/** An attempt in the ledger. Exactly one of `settle` and `void` is called, once, when it is over. */
export interface LedgerEntry {
  /** Its request is about to leave: from now on it is found again if the process dies. Idempotent. */
  sent(): void;
  /** Tokens received so far. Cheap: written down from time to time, for the case that the process dies. */
  progress(outputTokens: number): void;
  /** It consumed this. @param payer who pays for it. Default: as opened */
  settle(charge: Charge, payer?: Payer): void;
  /** It consumed nothing. */
  void(): void;
}

/** One record of the ledger. */
export interface LedgerRecord extends Omit<Charge, 'outcome'> {
  readonly callId: string;
  readonly traceId: string;
  readonly userId: string;
  readonly projectId: string;
  /** As in Charge; `PROCESS_DIED`: found at the next start, and what it consumed is an estimate. */
  readonly outcome: Charge['outcome'] | typeof PROCESS_DIED;
}

/** Outcome of an attempt that the process did not survive. */
export const PROCESS_DIED = 'PROCESS_DIED';

export type LedgerDimension = 'model' | 'userId' | 'projectId' | 'outcome' | 'target' | 'day';

/** Which attempts are summed, and by what. */
export interface LedgerQuery {
  /** Epoch ms, inclusive; absent: from the beginning. */
  readonly from?: number;
  /** Epoch ms, exclusive; absent: until now. */
  readonly until?: number;
  readonly groupBy: readonly LedgerDimension[];
  /** Rows at most. Default: 1,000. */
  readonly limit?: number;
  readonly model?: string;
  readonly userId?: string;
  readonly projectId?: string;
}

/** The sum over a group of records. Labels that were not grouped by are empty. */
export interface LedgerSum extends Readonly<Totals> {
  readonly model: string;
  readonly userId: string;
  readonly projectId: string;
  readonly outcome: string;
  readonly target: string;
  /** ISO 8601, UTC. */
  readonly day: string;
}

/** What was used and spent. */
export interface LedgerSums {
  /** By cost, highest first; as many as the query limits them to. */
  readonly rows: readonly LedgerSum[];
  readonly total: LedgerSum;
  readonly truncated: boolean;
  /** Something is missing that could not be read. */
  readonly partial: boolean;
}

/** What was spent by whom, for budgets that are opened. Amounts are pico-dollars. */
export interface Spending {
  readonly model: string;
  readonly userId: string;
  readonly projectId: string;
  readonly picoDollars: bigint;
}

/** Which answers upstreams keep on our behalf, so that none stays there if the process dies. */
export interface KeptBook {
  /** Those that processes that died have left. */
  readonly left: readonly AnswerPlace[];
  /** An upstream keeps an answer. */
  add(place: AnswerPlace): void;
  /** It is deleted. Idempotent. */
  gone(id: string): void;
}

/** The durable record of every attempt that consumed tokens. */
export interface Ledger {
  /** Before the request is sent. */
  open(opening: LedgerOpening): LedgerEntry;
  /**
   * What was settled so far counts; if it cannot be written, what is missing makes the sums partial.
   * One query reads at a time, and 16 wait at most.
   *
   * @throws (rejects with) ProviderError RATE_LIMIT_EXCEEDED beyond that, and the reason of `signal`
   */
  sums(query: LedgerQuery, signal?: AbortSignal): Promise<LedgerSums>;
  /**
   * What was spent, by this process and those before it: since a midnight UTC in epoch ms, or 0 for
   * ever. What retention deleted is still counted. Blocks: for budgets that begin, and nothing else.
   */
  spending(since: number): readonly Spending[];
  /** What is kept of batches. Absent: the ledger is in memory, and there are none. */
  readonly batches?: BatchBooks;
  readonly kept: KeptBook;
  status(): LedgerStatus;
  /** Writes out what is left. */
  close(): Promise<void>;
}
