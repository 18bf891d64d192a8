import type { Clock } from '../../core/clock.ts';
import type { EndedCall } from './ended-call.ts';
import { Traffic } from './traffic.ts';

export interface RememberedCall extends EndedCall {
  /** Epoch ms by the wall clock, as its log line has it. */
  readonly endedOn: number;
}

/** Calls that can be explained. */
const MAX_CALLS = 1_000;

/** Failures that the page shows, which may be older than all these. */
const MAX_FAILURES = 50;

/** The last calls, for whoever asks what became of one. */
export class CallMemory {
  readonly traffic: Traffic;
  readonly #dated: Pick<Clock, 'now'>;
  /** In a ring. */
  readonly #calls: RememberedCall[] = [];
  #next = 0;
  #failures: RememberedCall[] = [];

  /** @param dated by which it is told when a call was */
  constructor(clock: Pick<Clock, 'now'>, dated: Pick<Clock, 'now'> = clock) {
    this.#dated = dated;
    this.traffic = new Traffic(clock);
  }

  /** The latest first. */
  get failures(): readonly RememberedCall[] {
    return this.#failures;
  }

  note(ended: EndedCall): void {
    const call = { ...ended, endedOn: this.#dated.now() };
    this.traffic.note(call);
    this.#calls[this.#next] = call;
    this.#next = (this.#next + 1) % MAX_CALLS;
    if (call.error !== undefined && call.error.reason !== 'CANCELLED') {
      this.#failures = [call, ...this.#failures].slice(0, MAX_FAILURES);
    }
  }

  /** By id of the call, trace id or the upstream's request id; of several the latest first. */
  find(id: string): readonly RememberedCall[] {
    return [...new Set([...this.#calls, ...this.#failures])]
      .filter((call) => hasId(call, id))
      .toSorted((a, b) => b.endedAt - a.endedAt);
  }
}

function hasId({ id: own, traceId, record }: RememberedCall, id: string): boolean {
  return (
    own === id ||
    traceId === id ||
    record.upstreamRequestId === id ||
    record.attemptLog.some(({ upstreamRequestId }) => upstreamRequestId === id)
  );
}
