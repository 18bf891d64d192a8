import type { Call } from '../../core/call.ts';
import { whoseTurn } from '../../core/spender.ts';
import type { Admission } from './permit.ts';

/** Which attempts run, and whose they are, for whoever asks: most of the time nobody does. */
export class Places {
  readonly #running = new Map<Admission, { readonly call: Call; owner?: string }>();

  taken(admission: Admission, call: Call): void {
    this.#running.set(admission, { call });
  }

  left(admission: Admission): void {
    this.#running.delete(admission);
  }

  /** How many run, by owner. */
  counted(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const running of this.#running.values()) {
      running.owner ??= whoseTurn(running.call);
      counts.set(running.owner, (counts.get(running.owner) ?? 0) + 1);
    }
    return counts;
  }
}
