import type { Call, Emit, Handler } from '../../core/call.ts';
import {
  type CallRecord,
  type Charge,
  chargesSince,
  type HedgeOutcome,
} from '../../core/call-record.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import type { ProviderError } from '../../core/errors.ts';
import type { Completed } from '../../core/events.ts';
import { Flow, type FlowSource } from '../../core/flow.ts';
import { type ForkMark, forkRecord, joinRecord, markOf } from '../../core/fork-record.ts';
import { deadlineOf } from '../../core/party.ts';
import type { Router } from '../../request/route/router.ts';
import type { FirstOutputs } from './first-outputs.ts';
import type { HedgeMetrics } from './hedge-metrics.ts';
import type { HedgeShare } from './hedge-share.ts';
import type { HedgeAfter, HedgeRule } from './options.ts';
import { type Ended, Race, type Runner } from './race.ts';

export interface HedgeDeps {
  readonly clock: Clock;
  readonly share: HedgeShare;
  readonly router: Pick<Router, 'beside' | 'leaves'>;
  /** Of the upstream at which the first attempt is made. */
  readonly firstOutputs: FirstOutputs;
  /** What makes an attempt at an upstream, by its name. */
  readonly attemptsAt: (upstream: string) => Handler;
  /** Whether nobody waits for the call's target, and its circuit is closed. */
  readonly isCalm: (call: Call) => boolean;
  readonly metrics: HedgeMetrics;
}

/** The attempt as it is made without a second one. */
export interface FirstAttempt {
  readonly next: Handler;
  readonly call: Call;
  readonly emit: Emit;
}

/** The attempt beside the first. */
interface Second {
  readonly runner: Runner;
  /** Of its own, until both have ended. */
  readonly record: CallRecord;
}

/** An attempt, and the one that is made beside it if it is silent for long. */
export class HedgedAttempt {
  readonly #rule: HedgeRule;
  readonly #deps: HedgeDeps;
  readonly #first: FirstAttempt;
  readonly #race: Race;
  readonly #mark: ForkMark;
  readonly #lastCharge: Charge | undefined;
  /** The second attempt's. The caller's flow holds it once its events go there. */
  readonly #flow = new Flow();
  readonly #source: FlowSource = sourceOf(this.#flow);
  /** For how long the first attempt may be silent, in ms. */
  #afterMs = 0;
  /** Epoch ms. */
  #begunAt = 0;
  #timer: Timer | undefined;
  #firstHasEnded = false;
  /** A second attempt is being made, or was. */
  #hasStarted = false;
  #second: Second | undefined;

  constructor(rule: HedgeRule, deps: HedgeDeps, first: FirstAttempt) {
    this.#rule = rule;
    this.#deps = deps;
    this.#first = first;
    this.#race = new Race(first.call.signal, first.emit);
    this.#mark = markOf(first.call.record);
    this.#lastCharge = first.call.record.charges.at(-1);
  }

  /** What the call comes to by whichever attempt; the first one's failure if both failed without output. */
  async run(): Promise<Completed> {
    const { next, call } = this.#first;
    const onAttempt = () => this.#begun();
    const first = this.#race.enter(next, { ...call, onAttempt }, () => this.#timer?.cancel());
    const ended = await first.ended;
    this.#firstHasEnded = true;
    this.#timer?.cancel();
    const second = this.#second;
    if (second === undefined) return outcomeOf(ended);
    const { runner } = second;
    if (!runner.hasWon && !this.#mayAnswer(ended.error)) runner.stop();
    const other = await runner.ended;
    const model = call.record.model;
    this.#settle(second, other);
    if (!runner.hasWon) return outcomeOf(ended);
    // Whatever comes next begins where the first attempt was made.
    if (other.error !== undefined) call.record.model = model;
    return outcomeOf(other);
  }

  /** Whether a second attempt may answer what the first one did not. */
  #mayAnswer(error: ProviderError | undefined): boolean {
    if (error === undefined) return false;
    return error.retryable || this.#deps.router.leaves(this.#first.call, error);
  }

  /** The first attempt has waited for all that it had to, and is made. */
  #begun(): void {
    const { clock, share } = this.#deps;
    share.deposit();
    this.#begunAt = clock.now();
    this.#timer?.cancel();
    // With another key the first attempt begins anew; there is one beside it all the same.
    if (this.#hasStarted) return;
    const afterMs = this.#afterOf(this.#rule.after);
    if (afterMs === undefined) return;
    this.#afterMs = afterMs;
    this.#timer = clock.after(afterMs, () => this.#look());
  }

  #afterOf(after: HedgeAfter): number | undefined {
    if (after === 'off') return undefined;
    if ('ms' in after) return after.ms;
    return this.#deps.firstOutputs.usualMs(this.#first.call.target.model.id, after.share);
  }

  /** It was silent for that long. Where a second attempt may not be made now, it is looked again. */
  #look(): void {
    const { clock, share, isCalm } = this.#deps;
    const { call } = this.#first;
    // It would most likely have no output before the deadline.
    if (deadlineOf(call) - clock.now() <= this.#afterMs) return;
    if (call.flow.held || !isCalm(call)) this.#timer?.refresh();
    else if (share.withdraw()) void this.#start();
  }

  async #start(): Promise<void> {
    const { share, isCalm } = this.#deps;
    this.#hasStarted = true;
    const record = forkRecord(this.#first.call.record);
    const there = await this.#place(record);
    const { aborted } = this.#first.call.signal;
    const isOver = aborted || this.#firstHasEnded || this.#race.isDecided;
    if (there !== undefined && !isOver && isCalm(there)) {
      this.#enter(there, record);
      return;
    }
    this.#hasStarted = false;
    share.giveBack();
    if (there !== undefined && !isOver) this.#timer?.refresh();
  }

  /** The call where its second attempt is made. Undefined: nowhere. */
  async #place(record: CallRecord): Promise<Call | undefined> {
    const { call } = this.#first;
    if (this.#rule.to === 'same') return { ...call, record };
    // It rejects when the call ends, and then nobody is interested.
    return this.#deps.router.beside(call, record).catch(() => undefined);
  }

  #enter(there: Call, record: CallRecord): void {
    const { call } = this.#first;
    call.record.hedge = 'lost';
    const runner = this.#race.enter(
      this.#deps.attemptsAt(there.upstream),
      { ...there, flow: this.#flow, hedge: true },
      () => this.#won(),
    );
    this.#second = { runner, record };
  }

  #won(): void {
    const { clock, firstOutputs, metrics } = this.#deps;
    const { call } = this.#first;
    call.flow.attach(this.#source);
    if (this.#firstHasEnded) return;
    const silentMs = clock.now() - this.#begunAt;
    metrics.saved(call, firstOutputs.remainingMs(call.target.model.id, silentMs));
  }

  /** Both have ended. */
  #settle({ runner, record }: Second, ended: Ended): void {
    const { share, metrics } = this.#deps;
    const { call } = this.#first;
    call.flow.detach(this.#source);
    const inVain = runner.hasWon ? chargesSince(call.record, this.#lastCharge) : record.charges;
    metrics.spent(call, inVain);
    joinRecord(call.record, record, this.#mark, runner.hasWon);
    if (record.attempts === 0) share.giveBack();
    const outcome = outcomeOfSecond(runner, ended, record.attempts > 0);
    call.record.hedge = outcome;
    metrics.ended(call, outcome);
  }
}

function outcomeOf(ended: Ended): Completed {
  if (ended.error !== undefined) throw ended.error;
  return ended.completed;
}

function outcomeOfSecond({ hasWon }: Runner, ended: Ended, made: boolean): HedgeOutcome {
  if (hasWon) return 'won';
  if (ended.error === undefined || ended.wasStopped) return 'lost';
  return made ? 'failed' : 'refused';
}

/** A flow as what another one holds. */
function sourceOf(flow: Flow): FlowSource {
  return {
    get unread() {
      return flow.unread;
    },
    pause: () => flow.hold(),
    resume: () => flow.release(),
  };
}
