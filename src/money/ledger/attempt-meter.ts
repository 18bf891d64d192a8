import { type Attributes, isSpanContextValid, trace } from '@opentelemetry/api';
import type { Call } from '../../core/call.ts';
import type { Charge } from '../../core/call-record.ts';
import type { Clock } from '../../core/clock.ts';
import type { ProviderError } from '../../core/errors.ts';
import type { AnswerEvent, Completed } from '../../core/events.ts';
import { LongText } from '../../core/long-text.ts';
import { spenderOf } from '../../core/spender.ts';
import type { Usage } from '../../core/usage.ts';
import { addUsage, estimatedUsage, estimateTokens, USUAL_OUTPUT } from '../../core/usage.ts';
import type { PromptSizes } from '../../request/tokens/prompt-sizes.ts';
import { ATTRIBUTE } from '../../telemetry/attributes.ts';
import { Kept } from '../../telemetry/kept.ts';
import type { ModelLabels } from '../../telemetry/model-label.ts';
import { attemptCost } from '../pricing/cost.ts';
import { type CostInstruments, measureCost } from '../pricing/measure-cost.ts';
import { tokenPrices } from '../pricing/price.ts';
import type { PriceNotices } from '../pricing/price-notices.ts';
import type { Ledger, LedgerEntry } from './ledger.ts';

/** What costs are recorded with, by upstream and label of the model. */
export type KeptAttributes = Kept<Kept<Attributes>>;

export interface CostOptions {
  /** False: usage is counted, but has no price and is not written to the ledger. */
  readonly trackingEnabled: boolean;
}

export interface MeteringDeps {
  readonly clock: Clock;
  readonly sizes: PromptSizes;
  readonly ledger: Ledger;
  readonly instruments: CostInstruments;
  readonly labels: ModelLabels;
  readonly costs: CostOptions;
  readonly priceNotices: Pick<PriceNotices, 'priced'>;
}

/** Of tools that the upstream ran itself, by name. */
export type ToolCalls = NonNullable<Usage['toolCalls']>;

/** What an upstream said of what it billed. */
interface Told {
  readonly usage: Usage;
  readonly serviceTier: string;
}

const NOTHING_TOLD: Told = { usage: estimatedUsage(0, 0), serviceTier: '' };

/** What one attempt consumes. Per event a sum and a concatenation, everything else when it ends. */
export class AttemptMeter {
  /** The request is on its way, so the upstream may bill it. */
  #sent = false;
  /** It is charged, or known to cost nothing. */
  #settled = false;
  readonly #deps: MeteringDeps;
  readonly #kept: KeptAttributes;
  readonly #call: Call;
  readonly #startedAt: number;
  /** Of the prices that the call has: while it waits and runs there may come others. */
  readonly #catalogueVersion: string;
  /** Absent if costs are not tracked. */
  readonly #entry: LedgerEntry | undefined;
  /** The upstream may produce an answer of which nothing will come. */
  #lost = false;
  /** What the upstream said of an answer that failed. */
  #failed: Told | undefined;
  #failedCalls: ToolCalls | undefined;
  /** Absent: no output was. */
  #received: LongText | undefined;

  constructor(deps: MeteringDeps, kept: KeptAttributes, call: Call) {
    this.#deps = deps;
    this.#kept = kept;
    this.#call = call;
    this.#startedAt = deps.clock.now();
    this.#catalogueVersion = call.target.catalogueVersion ?? '';
    if (deps.costs.trackingEnabled) {
      this.#entry = open(deps, call, this.#startedAt, this.#catalogueVersion);
    }
  }

  markSent(): void {
    if (this.#sent) return;
    this.#sent = true;
    this.#entry?.sent();
  }

  markLost(): void {
    this.#lost = true;
  }

  markFailed(usage: Usage, serviceTier: string): void {
    this.#failed = { usage, serviceTier };
  }

  markCalls(calls: ToolCalls): void {
    this.#failedCalls = calls;
  }

  see(event: AnswerEvent): void {
    const piece = writtenIn(event);
    if (piece === undefined) return;
    this.markSent();
    this.#received ??= new LongText();
    this.#received.add(piece);
    this.#entry?.progress(
      event.type === 'textDelta' ? event.outputTokensSoFar : estimateTokens(this.#received.length),
    );
  }

  /** Charges a complete answer. @param usage of it, with nothing lacking */
  complete(event: Completed, usage: Usage): Completed {
    // An upstream that answers vouches for the name it was asked by.
    this.#deps.labels.admit(this.#call.model);
    this.#settle(usage, event.serviceTier, 'completed');
    return usage === event.usage ? event : { ...event, usage };
  }

  /** Charges an attempt that ended without an answer, or after it. */
  async end(error: ProviderError, byCaller: boolean): Promise<void> {
    if (this.#settled) return;
    const isBilled = this.#received !== undefined || this.#lost || (byCaller && this.#sent);
    const used = this.#failed ?? (isBilled ? NOTHING_TOLD : undefined);
    if (used === undefined) {
      this.#settled = true;
      this.#entry?.void();
      return;
    }
    const { usage, serviceTier } = used;
    if (usage.estimated) this.#noteRoughly();
    const whole = usage.estimated ? await this.fillIn(usage) : usage;
    const toolCalls = this.#failedCalls;
    this.#settle(toolCalls ? { ...whole, toolCalls } : whole, serviceTier, error.reason);
  }

  /** For a status that cannot wait until it is counted; accounting replaces it. */
  #noteRoughly(): void {
    const { record } = this.#call;
    const rough = estimatedUsage(
      this.#deps.sizes.estimate(this.#call),
      estimateTokens(this.#received?.length ?? 0),
    );
    record.usage = record.charges.reduce((sum, { usage }) => addUsage(sum, usage), rough);
  }

  /** 0 of an estimated usage means not given; and without an input, the output was a guess too. */
  async fillIn(usage: Usage): Promise<Usage> {
    const reported = usage.inputTokens > 0;
    const [inputTokens, outputTokens] = await Promise.all([
      reported ? usage.inputTokens : this.#deps.sizes.spentInput(this.#call),
      reported && usage.outputTokens > 0 ? usage.outputTokens : this.#countReceived(),
    ]);
    return { ...usage, inputTokens, outputTokens, totalTokens: inputTokens + outputTokens };
  }

  /** At most what the model was told to write: a reservation was made for that. */
  async #countReceived(): Promise<number> {
    const { maxTokens = Number.POSITIVE_INFINITY } = this.#call.request;
    if (this.#lost) return Math.min(USUAL_OUTPUT, maxTokens);
    const counted = await this.#deps.sizes.outputTokens(this.#call, this.#received ?? '');
    return Math.min(counted, maxTokens);
  }

  #settle(usage: Usage, serviceTier: string, outcome: Charge['outcome']): void {
    this.#settled = true;
    const { costs, clock } = this.#deps;
    const call = this.#call;
    const catalogueVersion = this.#catalogueVersion;
    const billing = { serviceTier, at: this.#startedAt, catalogueVersion };
    const untracked: Charge = {
      attempt: call.attempt,
      upstream: call.upstream,
      model: call.target.model.id,
      usage,
      serviceTier,
      outcome,
      startedAt: this.#startedAt,
      // The wall clock may have been set back in between.
      endedAt: Math.max(this.#startedAt, clock.now()),
    };
    const charge = costs.trackingEnabled
      ? { ...untracked, cost: attemptCost(call, usage, billing) }
      : untracked;
    call.record.charges.push(charge);
    this.#entry?.settle(charge, spenderOf(call));
    this.#measure(charge);
  }

  #measure({ cost }: Charge): void {
    if (cost === undefined) return;
    this.#deps.priceNotices.priced(this.#call.target.model, this.#startedAt);
    const { instruments, labels } = this.#deps;
    const { upstream } = this.#call;
    const model = labels.label(this.#call.model);
    const attributes = this.#kept
      .get(upstream, () => new Kept())
      .get(model, () =>
        Object.freeze({ [ATTRIBUTE.genAiRequestModel]: model, [ATTRIBUTE.target]: upstream }),
      );
    measureCost(cost, attributes, instruments);
  }
}

function open(
  { ledger, sizes }: MeteringDeps,
  call: Call,
  at: number,
  catalogueVersion: string,
): LedgerEntry {
  const { model } = call.target;
  const span = trace.getSpanContext(call.context);
  const inputTokens = sizes.estimate(call);
  const { userId, projectId } = spenderOf(call);
  return ledger.open({
    callId: call.id,
    // Cut from a longer text, which it would keep, and V8 writes such in JSON slowly; this copies it.
    traceId: span !== undefined && isSpanContextValid(span) ? span.traceId.toLowerCase() : '',
    attempt: call.attempt,
    upstream: call.upstream,
    model: model.id,
    userId,
    projectId,
    inputTokens,
    startedAt: at,
    prices: tokenPrices(model, { inputTokens, request: call.request, at }),
    catalogueVersion,
  });
}

/** What a model wrote in an event, if anything; undefined: it is no output. */
function writtenIn(event: AnswerEvent): string | undefined {
  switch (event.type) {
    case 'textDelta':
    case 'reasoningDelta':
    case 'refusalDelta':
      return event.text;
    case 'toolCallDelta':
      return event.name + event.argumentsFragment;
    case 'hostedTool':
    case 'annotation':
      return '';
    default:
      return undefined;
  }
}
