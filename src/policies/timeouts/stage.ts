import type { AttemptProgress, Call, Emit, Handler, Stage } from '../../core/call.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import { ProviderError, type TimeoutPhase } from '../../core/errors.ts';
import { type AnswerEvent, type Completed, isOutput } from '../../core/events.ts';
import type { Flow, FlowWatcher } from '../../core/flow.ts';
import { linkSignal } from '../../core/signal.ts';
import { limitsOf, type PhaseLimits } from './limits.ts';
import type { TimeoutOptions } from './options.ts';

/** How soon it is looked again while something waits to be read, in ms. */
const LOOK_AGAIN_MS = 1;

/**
 * Ends an attempt whose upstream is too slow, with TIMEOUT and the phase. The clock runs only while
 * something is awaited from the upstream: a slow reader never times out an upstream that is held
 * back for it. The attempt is stopped through its signal; nothing is left to run on.
 */
export function attemptTimeout(options: TimeoutOptions, clock: Clock): Stage {
  const limits = limitsOf(options, clock);
  return (next) => (call, emit) => timed(next, call, emit, limits(call), clock);
}

async function timed(
  next: Handler,
  call: Call,
  emit: Emit,
  limits: PhaseLimits,
  clock: Clock,
): Promise<Completed> {
  const { controller, unlink } = linkSignal(call.signal);
  const { signal } = controller;
  const watch = new PhaseWatch(clock, limits, call.flow, (phase) =>
    controller.abort(tooSlow(phase, limits[phase], call.model, watch.isStale)),
  );
  const onProgress = (progress: AttemptProgress) => {
    watch.reached(progress);
    call.onProgress(progress);
  };
  const pass: Emit = (event) => {
    watch.arrived(event);
    emit(event);
  };
  if (call.flow.held) watch.held();
  call.flow.watch(watch);
  try {
    // An answer that is complete is complete, even if the timer was quicker to be noticed.
    return await next({ ...call, signal, onProgress }, pass);
  } catch (thrown) {
    // However the upstream puts its being aborted, the reason is ours.
    throw signal.aborted ? endOf(signal, watch) : thrown;
  } finally {
    call.flow.watch(undefined);
    watch.stop();
    unlink();
  }
}

/** A deadline that ended the wait for a dead connection says no more of the upstream than a time-out. */
function endOf({ reason }: AbortSignal, { isStale }: PhaseWatch): unknown {
  const isDeadline = reason instanceof ProviderError && reason.reason === 'DEADLINE_EXCEEDED';
  if (!isDeadline || !isStale) return reason;
  return new ProviderError(reason.reason, { ...reason.facts, staleConnection: true });
}

/**
 * Which phase an attempt is in, and one timer for it. Starts in `connect`. What comes before the body
 * comes also while the caller is slow; the two phases of the body stand still then.
 *
 * The timer is not set back for each phase and event: it looks when it fires how much time is left.
 */
class PhaseWatch implements FlowWatcher {
  readonly #clock: Clock;
  readonly #limits: PhaseLimits;
  readonly #flow: Pick<Flow, 'unread'>;
  readonly #onTimeout: (phase: TimeoutPhase) => void;
  #phase: TimeoutPhase = 'connect';
  #timer: Timer | undefined;
  /** Epoch ms; Infinity while there is no timer. */
  #firesAt = Number.POSITIVE_INFINITY;
  /** When the phase's time is up, in epoch ms; Infinity while it stands still. */
  #due = Number.POSITIVE_INFINITY;
  #held = false;
  #reused = false;
  /** What is left of the phase while it stands still, in ms. */
  #left = 0;

  constructor(
    clock: Clock,
    limits: PhaseLimits,
    flow: Pick<Flow, 'unread'>,
    onTimeout: (phase: TimeoutPhase) => void,
  ) {
    this.#clock = clock;
    this.#flow = flow;
    this.#limits = limits;
    this.#onTimeout = onTimeout;
    this.#await(limits.connect);
  }

  reached(progress: AttemptProgress): void {
    if (progress === 'working') {
      this.#enter(this.#phase);
      return;
    }
    if (progress === 'reused') this.#reused = true;
    if (this.#phase === 'connect' && progress !== 'headers') this.#enter('headers');
    else if (this.#beforeHeaders && progress === 'headers') this.#enter('first_token');
  }

  arrived(event: AnswerEvent): void {
    if (this.#phase === 'idle') {
      if (!this.#held) this.#due = this.#clock.now() + this.#limits.idle;
    } else if (isOutput(event)) this.#enter('idle');
    else if (this.#beforeHeaders) this.#enter('first_token');
  }

  held(): void {
    this.#held = true;
    if (!this.#beforeHeaders) this.#stand(Math.max(0, this.#due - this.#clock.now()));
  }

  released(): void {
    this.#held = false;
    if (this.#beforeHeaders) return;
    this.#await(this.#phase === 'idle' ? this.#limits.idle : this.#left);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#firesAt = Number.POSITIVE_INFINITY;
  }

  /** Nothing came over a connection that served others before: most likely it is dead. */
  get isStale(): boolean {
    return this.#reused && this.#phase === 'headers';
  }

  get #beforeHeaders(): boolean {
    return this.#phase === 'connect' || this.#phase === 'headers';
  }

  #enter(phase: TimeoutPhase): void {
    this.#phase = phase;
    if (this.#held && !this.#beforeHeaders) this.#stand(this.#limits[phase]);
    else this.#await(this.#limits[phase]);
  }

  #stand(left: number): void {
    this.stop();
    this.#left = left;
    this.#due = Number.POSITIVE_INFINITY;
  }

  #await(ms: number): void {
    this.#due = this.#clock.now() + ms;
    if (this.#due < this.#firesAt) this.#wake(ms, this.#due);
  }

  /** @param at when `ms` are over, epoch ms */
  #wake(ms: number, at: number): void {
    this.#timer?.cancel();
    this.#firesAt = at;
    this.#timer = this.#clock.afterSilence(ms, this.#onTimer);
  }

  readonly #onTimer = (): void => {
    // What waits for its turn is no silence, and what it is shows when it is read.
    const now = this.#clock.now();
    const left = this.#flow.unread ? LOOK_AGAIN_MS : this.#due - now;
    if (left <= 0) this.#onTimeout(this.#phase);
    else this.#wake(left, now + left);
  };
}

function tooSlow(
  phase: TimeoutPhase,
  ms: number,
  model: string,
  staleConnection: boolean,
): ProviderError {
  return new ProviderError('TIMEOUT', {
    timeoutPhase: phase,
    model,
    message: sentence(phase, ms),
    ...(staleConnection && { staleConnection }),
  });
}

function sentence(phase: TimeoutPhase, ms: number): string {
  switch (phase) {
    case 'connect':
      return `No connection to the upstream was made within ${ms} ms.`;
    case 'headers':
      return `The upstream sent no response headers within ${ms} ms.`;
    case 'first_token':
      return `The upstream sent no output within ${ms} ms.`;
    case 'idle':
      return `The upstream fell silent for ${ms} ms in the middle of its answer.`;
  }
}
