import type { AttemptProgress, Call, Emit, Handler, Stage } from '../../core/call.ts';
import type { Clock } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import type { Completed } from '../../core/events.ts';
import { deadlineOf } from '../../core/party.ts';
import { pause } from '../../core/pause.ts';
import type { ProviderLog } from '../../core/provider-log.ts';
import type { UpstreamAnswer } from '../../core/upstream-answers.ts';
import { ATTRIBUTE } from '../../telemetry/attributes.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import { retryDelayMs } from '../retry/delay.ts';
import type { RetryOptions } from '../retry/options.ts';
import type { Keeper, KeptRegister } from './kept-register.ts';

type ResumeOptions = Pick<RetryOptions, 'maxAttempts' | 'baseDelayMs' | 'maxDelayMs'>;

export interface ResumeDeps {
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: ProviderLog;
  readonly register: KeptRegister;
  /** The upstream. */
  readonly keeper: Keeper;
  readonly instruments: Pick<Instruments, 'resumes'>;
}

const LOST =
  'A connection broke before the upstream had named the answer that it stores: it is booked as an estimate, and cannot be deleted.';

/**
 * Mends the breaks of an answer that the upstream keeps: the attempt goes on over another connection,
 * and whoever is above sees one answer. When the attempt is over, however it ended, the upstream is
 * told to delete the answer.
 *
 * Connections that bring nothing are as many in a row as a target gets attempts, after the same waits.
 * Then, and if the upstream does not know the answer or refuses the key, the attempt has failed with
 * the break.
 */
export function resume(options: ResumeOptions, deps: ResumeDeps): Stage {
  return (next) => (call, emit) =>
    call.keeps ? new KeptAttempt(call, options, deps).run(next, emit) : next(call, emit);
}

class KeptAttempt {
  readonly #call: Call;
  readonly #options: ResumeOptions;
  readonly #deps: ResumeDeps;
  #kept: UpstreamAnswer | undefined;
  #sent = false;
  /** The break that is to be mended. */
  #broke: ProviderError | undefined;
  /** Connections in a row that brought nothing. */
  #fruitless = 0;
  #eventsAtBreak = 0;

  constructor(call: Call, options: ResumeOptions, deps: ResumeDeps) {
    this.#call = call;
    this.#options = options;
    this.#deps = deps;
  }

  async run(next: Handler, emit: Emit): Promise<Completed> {
    try {
      for (;;) {
        try {
          return await next(this.#connection(), emit);
        } catch (thrown) {
          await this.#beforeAnother(ProviderError.from(thrown));
        }
      }
    } finally {
      if (this.#kept !== undefined) this.#deps.register.remove(this.#kept);
    }
  }

  #connection(): Call {
    if (this.#kept !== undefined) return { ...this.#call, resumes: this.#kept };
    const onProgress = (progress: AttemptProgress): void => {
      this.#sent = true;
      this.#call.onProgress(progress);
    };
    const onKept = (answer: UpstreamAnswer): void => {
      this.#kept = answer;
      this.#deps.register.add(answer, this.#call, this.#deps.keeper);
      this.#call.onKept?.(answer);
    };
    return { ...this.#call, onProgress, onKept };
  }

  /** Waits for the time of another connection, or throws the error with which the attempt ends. */
  async #beforeAnother(error: ProviderError): Promise<void> {
    const kept = this.#kept;
    if (kept === undefined) {
      if (this.#sent && mayHaveBegun(error)) this.#lose();
      throw error;
    }
    const { signal, record, upstream } = this.#call;
    if (signal.aborted || kept.isOver) throw error;
    const hasMore = kept.events > this.#eventsAtBreak;
    if (hasMore) this.#fruitless = 0;
    if (hasMore || this.#broke === undefined) this.#broke = error;
    this.#eventsAtBreak = kept.events;
    this.#fruitless += 1;
    const broke = this.#broke;
    if (!mayGoOn(error, kept) || this.#fruitless > this.#options.maxAttempts) throw broke;
    const { clock, random, instruments } = this.#deps;
    const waitMs = retryDelayMs(error.facts, this.#fruitless, this.#options, random);
    const since = clock.now();
    if (waitMs >= deadlineOf(this.#call) - since) throw broke;
    try {
      await pause(waitMs, signal, clock);
    } finally {
      record.backoffMs += clock.now() - since;
    }
    instruments.resumes.add(1, {
      [ATTRIBUTE.target]: upstream,
      [ATTRIBUTE.reason]: error.reason,
    });
  }

  #lose(): void {
    const { id, upstream, model, record, onLost } = this.#call;
    onLost?.();
    record.warnings.push(LOST);
    this.#deps.log.warn(
      { call_id: id, target: upstream, model },
      'a connection broke before the id of an answer was known that the upstream stores: it may run to its end, and is booked as an estimate',
    );
  }
}

/** Whether the upstream may have taken the request although nobody heard of it. */
function mayHaveBegun({ facts: { upstreamStatus = 0, upstreamError } }: ProviderError): boolean {
  return upstreamStatus < 300 && upstreamError === undefined;
}

/**
 * Whether the answer may still be there. What an upstream reports in the middle of it may concern the
 * connection alone, and of its end the next one tells.
 */
function mayGoOn({ reason, facts }: ProviderError, { hasOutput }: UpstreamAnswer): boolean {
  switch (reason) {
    case 'NETWORK_ERROR':
    case 'SERVICE_UNAVAILABLE':
    case 'RATE_LIMIT_EXCEEDED':
    case 'PROVIDER_ERROR':
      return true;
    case 'TIMEOUT':
      // Who is silent over a good connection is left for another.
      return hasOutput || facts.timeoutPhase !== 'first_token';
    default:
      return false;
  }
}
