import { isDeepStrictEqual } from 'node:util';
import type { Call, Emit, Handler, Stage } from '../../core/call.ts';
import { type CallRecord, type Charge, chargesSince } from '../../core/call-record.ts';
import type { Clock } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import type { Completed } from '../../core/events.ts';
import { noteWait } from '../../core/note-wait.ts';
import { endReason } from '../../core/signal.ts';
import { type Spender, spenderOf } from '../../core/spender.ts';
import type { PromptSizes } from '../../request/tokens/prompt-sizes.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { BudgetBook } from './book.ts';
import { type AttemptPlan, limitOutput, type PromptSize, planAttempt } from './plan.ts';
import type { Reservation } from './reservation.ts';

export interface BudgetStageDeps {
  readonly clock: Clock;
  /** By which prices change. Default: `clock`. */
  readonly dated?: Clock;
  readonly sizes: Pick<PromptSizes, 'atMost' | 'countAtMost'>;
  /** The output limit of a call is not lowered below it to make the call affordable. In tokens. */
  readonly minOutputTokens: number;
  /** Longest wait for what others hold of a budget, in ms. Default: as long as the call lasts. */
  readonly maxWaitMs?: number;
  /** Whether models of which no price is known are refused where a budget applies, or pass uncounted. */
  readonly unpriced: 'refuse' | 'mark';
  readonly instruments: Pick<Instruments, 'queueDuration'>;
}

/**
 * Keeps attempts within the budgets that apply to them: reserves the most that one can cost before it
 * is made, lowers its output limit to what is affordable, and settles what it cost, however it ends.
 * Refuses with BUDGET_EXCEEDED, and models without a known price with UNSUPPORTED_PARAMETER.
 */
export function budget(book: BudgetBook, deps: BudgetStageDeps): Stage {
  return (next) => (call, emit) => {
    // Who is to pay may change.
    return call.party !== undefined || book.appliesTo(spenderOf(call))
      ? withinBudgets(next, call, emit, new Desk(book, deps))
      : outsideBudgets(next, call, emit, book);
  };
}

/** What it costs is booked in budgets that come while it runs: those learn from the ledger what ended before. */
async function outsideBudgets(
  next: Handler,
  call: Call,
  emit: Emit,
  book: BudgetBook,
): Promise<Completed> {
  const { changes } = book;
  const last = call.record.charges.at(-1);
  try {
    return await next(call, emit);
  } finally {
    if (book.changes !== changes) book.charge(spenderOf(call), costSince(call.record, last));
  }
}

async function withinBudgets(
  next: Handler,
  call: Call,
  emit: Emit,
  desk: Desk,
): Promise<Completed> {
  const covered = desk.reserve(call);
  const { reservation, affordable } = covered instanceof Promise ? await covered : covered;
  if (reservation.isShort) call.party?.onShort();
  const last = call.record.charges.at(-1);
  const release = call.party?.onPayer(() => reservation.moveTo(spenderOf(call)));
  try {
    return await next(affordable, emit);
  } finally {
    release?.();
    reservation.settle(costSince(call.record, last));
  }
}

/** What attempts cost that ended since, in pico-dollars. */
function costSince(record: CallRecord, last: Charge | undefined): bigint {
  let sum = 0n;
  for (const { cost } of chargesSince(record, last)) sum += cost?.picoDollars ?? 0n;
  return sum;
}

/** An attempt that may be made. */
interface Covered {
  readonly reservation: Reservation;
  readonly affordable: Call;
}

/** Where attempts get their reservations. */
class Desk {
  readonly #book: BudgetBook;
  readonly #deps: BudgetStageDeps;

  constructor(book: BudgetBook, deps: BudgetStageDeps) {
    this.#book = book;
    this.#deps = deps;
  }

  /** At once where there is plenty; else from whoever is to pay when there is something to be had. */
  reserve(call: Call): Covered | Promise<Covered> {
    return this.#atOnce(spenderOf(call), call) ?? this.#whenThereIs(call);
  }

  async #whenThereIs(call: Call): Promise<Covered> {
    for (;;) {
      const spender = spenderOf(call);
      const isStill = (): boolean =>
        call.party === undefined || isDeepStrictEqual(spenderOf(call), spender);
      try {
        const covered = await this.#reserveFor(spender, call);
        if (isStill()) return covered;
        covered.reservation.settle(0n);
      } catch (thrown) {
        if (isStill()) throw thrown;
      }
      // Of whoever is to pay now there may be plenty.
      const covered = this.#atOnce(spenderOf(call), call);
      if (covered !== undefined) return covered;
    }
  }

  /** Undefined: the upper bound of the prompt does not fit with ease. */
  #atOnce(spender: Spender, call: Call): Covered | undefined {
    if (!this.#book.appliesTo(spender)) {
      return this.#ofNobody(spender, call);
    }
    const plan = this.#roughPlan(call);
    if (plan === undefined) return this.#unbounded(spender, call);
    const reservation = this.#book.tryReserve(spender, plan.wish.most);
    return reservation && covered(call, plan, reservation);
  }

  /** Counts the prompt. */
  async #reserveFor(spender: Spender, call: Call): Promise<Covered> {
    // A second attempt gets what nobody will miss: it is neither waited for nor cut short for it.
    if (call.hedge) throw new ProviderError('BUDGET_EXCEEDED');
    const plan = this.#plan(call, await this.#count(call)) ?? this.#roughPlan(call);
    if (plan === undefined) return this.#unbounded(spender, call);
    const { maxWaitMs } = this.#deps;
    const limits = { signal: call.signal, ...(maxWaitMs !== undefined && { maxWaitMs }) };
    const onOwnWait = () => call.party?.onShort();
    const reservation = this.#book.reserve(spender, plan.wish, limits, onOwnWait);
    return covered(
      call,
      plan,
      reservation instanceof Promise ? await this.#waitFor(reservation, call) : reservation,
    );
  }

  #roughPlan(call: Call): AttemptPlan | undefined {
    return this.#plan(call, { tokens: this.#deps.sizes.atMost(call), counted: false });
  }

  /** What is of no budget now, and may move to those of another. */
  #ofNobody(spender: Spender, call: Call): Covered {
    const { sizes } = this.#deps;
    const plan = this.#planOf(call, { tokens: sizes.atMost(call), counted: false });
    const reservation = plan && this.#book.tryReserve(spender, plan.wish.most);
    return reservation ? { reservation, affordable: call } : this.#unbounded(spender, call);
  }

  /** What of it has a price, such as the tokens beside a tool without one, is known when it is over, and booked. */
  #unbounded(spender: Spender, call: Call): Covered {
    return { reservation: this.#book.hold(spender, 0n), affordable: call };
  }

  /** Undefined: no price is known, and that is all right. */
  #plan(call: Call, prompt: PromptSize): AttemptPlan | undefined {
    const plan = this.#planOf(call, prompt);
    if (plan === undefined && this.#deps.unpriced === 'refuse') throw unpricedModel(call.model);
    return plan;
  }

  #planOf(call: Call, prompt: PromptSize): AttemptPlan | undefined {
    const { clock, dated = clock, minOutputTokens } = this.#deps;
    return planAttempt(call, prompt, { minOutputTokens, at: dated.now() });
  }

  async #count(call: Call): Promise<PromptSize> {
    try {
      return await this.#deps.sizes.countAtMost(call);
    } catch (thrown) {
      throw call.signal.aborted ? endReason(call.signal) : thrown;
    }
  }

  async #waitFor(reservation: Promise<Reservation>, call: Call): Promise<Reservation> {
    const { clock, instruments } = this.#deps;
    const since = clock.now();
    try {
      return await reservation;
    } finally {
      noteWait(call, { waitedFor: 'budget', since, waitedMs: clock.now() - since }, instruments);
    }
  }
}

function covered(call: Call, plan: AttemptPlan, reservation: Reservation): Covered {
  return { reservation, affordable: limitOutput(call, plan, reservation.granted) };
}

function unpricedModel(model: string): ProviderError {
  const description = `names ${model}, of which no price is known: costManagement.unpriced in the configuration refuses such models where a budget applies`;
  return new ProviderError('UNSUPPORTED_PARAMETER', {
    model,
    fieldViolations: [{ field: 'request.model', description }],
  });
}
