import type { Call, Emit, Handler } from '../../../src/core/call.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import type { Completed, ProviderEvent } from '../../../src/core/events.ts';
import { endReason } from '../../../src/core/signal.ts';

/** What one attempt does: these events, and it ends with the `completed` or the Error among them. */
export type Script = readonly (ProviderEvent | Error)[];

/**
 * A handler whose attempts follow one script each, and that knows which were made. An attempt whose
 * call is aborted is over behind the event that it was at.
 */
export class ScriptedAttempts {
  /** With which each attempt was made. */
  readonly calls: Call[] = [];
  /** Attempts that came to an end, of whatever kind. */
  ended = 0;
  readonly #scripts: readonly Script[];

  constructor(...scripts: Script[]) {
    this.#scripts = scripts;
  }

  get made(): number {
    return this.calls.length;
  }

  readonly answer: Handler = (call, emit) => this.#attempt(call, emit);

  async #attempt(call: Call, emit: Emit): Promise<Completed> {
    const script = this.#scripts[this.made];
    if (script === undefined) throw new Error(`there is no script for attempt ${this.made + 1}`);
    this.calls.push(call);
    call.record.attempts += 1;
    try {
      for (const event of script) {
        if (event instanceof Error) throw event;
        if (event.type === 'completed') return event;
        emit(event);
        // Others have their turn between the events, as they do between reads of a socket.
        await undefined;
        if (call.signal.aborted) throw endReason(call.signal);
      }
      throw new Error('the script has no end');
    } finally {
      this.ended += 1;
    }
  }
}

/** Waits for the end of a call, which it throws: what an upstream does that is silent. */
export function endOf({ signal }: Call): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(endReason(signal)), { once: true });
  });
}

export const unavailable = new ProviderError('SERVICE_UNAVAILABLE', { upstreamStatus: 503 });
