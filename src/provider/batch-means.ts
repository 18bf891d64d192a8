import type { Context } from '@opentelemetry/api';
import type { Call } from '../core/call.ts';
import type { CallRecord } from '../core/call-record.ts';
import type { Caller } from '../core/caller.ts';
import type { FieldViolation } from '../core/errors.ts';
import type { MessageResponse } from '../core/events.ts';
import type { MessageRequest } from '../core/message.ts';
import type { UpstreamBatches } from '../core/upstream-batches.ts';
import type { BudgetBook } from '../money/budget/book.ts';
import type { Catalogue } from '../request/catalogue/catalogue.ts';
import type { PromptSizes } from '../request/tokens/prompt-sizes.ts';
import type { ModelLabels } from '../telemetry/model-label.ts';

/** What a provider lends to whoever works off batches. */
export interface BatchMeans {
  /**
   * The call as the pipeline would send it, its conversation fitting its model. Rejects with
   * ProviderError, which names everything that is wrong with the request.
   */
  prepare(
    request: MessageRequest,
    options: { readonly violations: readonly FieldViolation[]; readonly signal: AbortSignal },
  ): Promise<Call>;
  /** Makes the call through the pipeline, in capacity that others leave. */
  send(
    request: MessageRequest,
    options: {
      readonly id: string;
      /** Whose answers it may get again: of the batch. Undefined: callers are not known. */
      readonly caller: Caller | undefined;
      /** Holds the span that is the parent of its attempts. */
      readonly context: Context;
      readonly signal: AbortSignal;
      readonly deadline: number;
      readonly record: CallRecord;
    },
  ): Promise<MessageResponse>;
  readonly upstreams: ReadonlyMap<string, BatchUpstream>;
  readonly book: Pick<BudgetBook, 'appliesTo' | 'reserveEach' | 'hold' | 'bookings'>;
  readonly sizes: Pick<PromptSizes, 'estimate' | 'count' | 'atMost'>;
  readonly catalogue: () => Catalogue;
  readonly labels: Pick<ModelLabels, 'label'>;
  readonly costs: {
    readonly trackingEnabled: boolean;
    readonly unpriced: 'refuse' | 'mark';
    /** See BudgetStageDeps. */
    readonly minOutputTokens: number;
  };
}

/** An upstream as batches see it. */
export interface BatchUpstream {
  readonly batches: UpstreamBatches;
  /** Whether it has a Batch API. `unknown`: only who asks for it finds out. */
  readonly hasBatchApi: boolean | 'unknown';
}
