import type { Call } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import { type FieldViolation, ProviderError } from '../core/errors.ts';
import type { MessageRequest } from '../core/message.ts';
import { type Spender, spenderOf } from '../core/spender.ts';
import type { BatchExecution } from '../money/batches/batch.ts';
import { limitOutput, planAttempt } from '../money/budget/plan.ts';
import type { BatchMeans, BatchUpstream } from '../provider/batch-means.ts';

/** A request of a batch, as it comes. */
export interface BatchItem {
  readonly customId: string;
  readonly request: MessageRequest;
  /** What the request cannot express and is wrong with it, by the paths of a single request. */
  readonly violations: readonly FieldViolation[];
}

/** An item that may be worked off. */
export interface PreparedItem {
  readonly call: Call;
  readonly execution: BatchExecution;
  readonly spender: Spender;
  readonly inputTokens: number;
  /** The most that it can cost, in pico-dollars; absent: no price is known. */
  readonly most?: bigint;
}

export interface ItemWishes {
  /** Absent: by the upstream's batch API where it has one. */
  readonly execution?: BatchExecution;
  /** The batch has a limit of what it may cost. */
  readonly hasMaxCost: boolean;
  readonly signal: AbortSignal;
}

const NO_BATCH_API = 'is at an upstream without a batch API';
const NOT_SOLD = 'is of a model that the batch API does not take';

/** Prepares items, and finds out how each is worked off and what it can cost. */
export class ItemPreparer {
  readonly #means: BatchMeans;
  readonly #clock: Clock;

  constructor(means: BatchMeans, clock: Clock) {
    this.#means = means;
    this.#clock = clock;
  }

  /** Rejects with ProviderError, which names all that is wrong with the item. */
  async prepare(
    { request, violations }: BatchItem,
    { execution: wanted, hasMaxCost, signal }: ItemWishes,
  ): Promise<PreparedItem> {
    const call = await this.#means.prepare(request, { violations, signal });
    const execution = this.#executionOf(call, wanted);
    const spender = spenderOf(call);
    const { trackingEnabled, unpriced, minOutputTokens } = this.#means.costs;
    const hasBudget = trackingEnabled && this.#means.book.appliesTo(spender);
    const { sizes } = this.#means;
    const item = { call, execution, spender, inputTokens: sizes.estimate(call) };
    if (!trackingEnabled) return item;
    const plan = planAttempt(
      call,
      // A reservation is given back: for it an upper bound will do, which takes no tokenizer.
      hasMaxCost
        ? { tokens: await sizes.count(call), counted: true }
        : { tokens: sizes.atMost(call), counted: false },
      { minOutputTokens, at: this.#clock.now(), batch: execution === 'upstream' },
    );
    if (plan === undefined) {
      if (hasMaxCost || (hasBudget && unpriced === 'refuse')) throw unpricedModel(call.model);
      return item;
    }
    const { most } = plan.wish;
    return { ...item, most, call: hasBudget ? limitOutput(call, plan, most) : call };
  }

  #executionOf(call: Call, wanted: BatchExecution | undefined): BatchExecution {
    if (wanted === 'local') return wanted;
    const problem = this.#problemOf(call, wanted);
    if (problem === undefined) return 'upstream';
    if (wanted === undefined) return 'local';
    throw new ProviderError('UNSUPPORTED_PARAMETER', {
      model: call.model,
      fieldViolations: [{ field: 'request.model', description: problem }],
    });
  }

  /** Why the upstream does not take it in a batch; undefined: it does. */
  #problemOf({ upstream, target }: Call, wanted: BatchExecution | undefined): string | undefined {
    const { upstreams, catalogue } = this.#means;
    const hasApi: BatchUpstream['hasBatchApi'] = upstreams.get(upstream)?.hasBatchApi ?? false;
    if (hasApi === false || (hasApi === 'unknown' && wanted === undefined)) return NO_BATCH_API;
    const { model } = target;
    return model.batch || catalogue().find(model.id) === undefined ? undefined : NOT_SOLD;
  }
}

function unpricedModel(model: string): ProviderError {
  const description = `names ${model}, of which no price is known, and a limit of costs applies`;
  return new ProviderError('UNSUPPORTED_PARAMETER', {
    model,
    fieldViolations: [{ field: 'request.model', description }],
  });
}
