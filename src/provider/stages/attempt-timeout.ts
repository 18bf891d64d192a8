import type { AttemptProgress, Call, Handler, Stage } from '../call.ts';
import type { Clock, Timer } from '../clock.ts';
import { ProviderError, type TimeoutPhase } from '../errors.ts';
import { isOutput, type ProviderEvent } from '../events.ts';
import { linkSignal } from '../signal.ts';
import { limitsOf, type PhaseLimits } from '../timeouts/limits.ts';
import type { TimeoutOptions } from '../timeouts/options.ts';

/**
 * Ends an attempt whose upstream is too slow, with TIMEOUT and the phase. The clock runs only while
 * something is awaited from the upstream: a slow reader never times out an upstream that is held
 * back for it. The attempt is stopped through its signal; nothing is left to run on.
 */
export function attemptTimeout(options: TimeoutOptions, clock: Clock): Stage {
  const limits = limitsOf(options);
  return (next) => (call) => timed(next, call, limits(call), clock);
}

async function* timed(
  next: Handler,
  call: Call,
  limits: PhaseLimits,
  clock: Clock,
): AsyncGenerator<ProviderEvent> {
  const { controller, unlink } = linkSignal(call.signal);
  const { signal } = controller;
  const watch = new PhaseWatch(clock, limits, (phase) =>
    controller.abort(tooSlow(phase, limits[phase], call.model)),
  );
  const onProgress = (progress: AttemptProgress) => {
    watch.reached(progress);
    call.onProgress(progress);
  };
  try {
    for await (const event of next({ ...call, signal, onProgress })) {
      watch.arrived(event);
      // An answer that is complete is complete, even if the timer was quicker to be noticed.
      if (!watch.complete) signal.throwIfAborted();
      yield event;
      watch.awaitNext();
    }
    if (!watch.complete) signal.throwIfAborted();
  } catch (thrown) {
    // However the upstream puts its being aborted, the reason is ours.
    throw signal.aborted ? signal.reason : thrown;
  } finally {
    watch.stop();
    unlink();
  }
}

/** Which phase an attempt is in, and one timer for it. Starts in `connect`, awaiting. */
class PhaseWatch {
  readonly #clock: Clock;
  readonly #limits: PhaseLimits;
  readonly #onTimeout: (phase: TimeoutPhase) => void;
  #phase: TimeoutPhase = 'connect';
  #awaiting = true;
  #complete = false;
  #timer: Timer;
  /** When the phase's time is up, in epoch ms, as long as the timer runs. */
  #due: number;
  /** What is left of the phase while nothing is awaited, in ms. */
  #left = 0;

  constructor(clock: Clock, limits: PhaseLimits, onTimeout: (phase: TimeoutPhase) => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#onTimeout = onTimeout;
    this.#due = clock.now() + limits.connect;
    this.#timer = clock.after(limits.connect, this.#fire);
  }

  /** The last event has come; nothing times out any more. */
  get complete(): boolean {
    return this.#complete;
  }

  reached(progress: AttemptProgress): void {
    if (this.#phase === 'connect' && progress === 'connected') this.#enter('headers');
    else if (this.#beforeHeaders && progress === 'headers') this.#enter('first_token');
  }

  arrived(event: ProviderEvent): void {
    this.#awaiting = false;
    if (event.type === 'completed') {
      this.#complete = true;
      this.stop();
    } else if (this.#phase !== 'idle') {
      this.#advance(event);
    }
    // In `idle` the timer runs on: awaitNext sets it back, which is cheaper than two timers.
  }

  awaitNext(): void {
    if (this.#complete) return;
    this.#awaiting = true;
    if (this.#phase === 'idle') this.#timer.refresh();
    else this.#arm(this.#left);
  }

  stop(): void {
    this.#timer.cancel();
  }

  #advance(event: ProviderEvent): void {
    if (isOutput(event)) this.#enter('idle');
    else if (this.#beforeHeaders) this.#enter('first_token');
    if (this.#phase === 'idle') return;
    this.#left = Math.max(0, this.#due - this.#clock.now());
    this.#timer.cancel();
  }

  get #beforeHeaders(): boolean {
    return this.#phase === 'connect' || this.#phase === 'headers';
  }

  #enter(phase: TimeoutPhase): void {
    this.#phase = phase;
    this.#arm(this.#limits[phase]);
  }

  #arm(ms: number): void {
    this.#timer.cancel();
    this.#due = this.#clock.now() + ms;
    this.#timer = this.#clock.after(ms, this.#fire);
  }

  readonly #fire = (): void => {
    if (this.#awaiting) this.#onTimeout(this.#phase);
  };
}

function tooSlow(phase: TimeoutPhase, ms: number, model: string): ProviderError {
  return new ProviderError('TIMEOUT', { timeoutPhase: phase, model, message: sentence(phase, ms) });
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
