import type { Call, Handler } from '../../../src/provider/call.ts';
import { ProviderError } from '../../../src/provider/errors.ts';
import type { ProviderEvent } from '../../../src/provider/events.ts';
import { replay } from '../../support/events.ts';

/** What one attempt does: these events, and if there is an error among them it fails with that. */
export type Script = readonly (ProviderEvent | Error)[];

/** A handler whose attempts follow one script each, and that knows which were made. */
export class ScriptedAttempts {
  /** With which each attempt was made. */
  readonly calls: Call[] = [];
  /** Attempts that were left by their consumer or came to an end. */
  ended = 0;
  readonly #scripts: readonly Script[];

  constructor(...scripts: Script[]) {
    this.#scripts = scripts;
  }

  get made(): number {
    return this.calls.length;
  }

  readonly answer: Handler = (call) => this.#attempt(call);

  async *#attempt(call: Call): AsyncGenerator<ProviderEvent> {
    const script = this.#scripts[this.made];
    if (script === undefined) throw new Error(`there is no script for attempt ${this.made + 1}`);
    this.calls.push(call);
    call.record.attempts += 1;
    try {
      yield* replay(...script)(call);
    } finally {
      this.ended += 1;
    }
  }
}

export const unavailable = new ProviderError('SERVICE_UNAVAILABLE', { upstreamStatus: 503 });
