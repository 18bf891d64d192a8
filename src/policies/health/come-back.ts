import type { Clock } from '../../core/clock.ts';
import { PerModel } from '../../core/per-model.ts';

/** Of its share, what a target gets at first when it is back. */
const FIRST_PART = 0.1;

/** How long it takes from there to the whole, in ms. */
const RAMP_MS = 30_000;

interface Turn {
  isAway: boolean;
  /** Epoch ms. */
  backAt: number;
}

/**
 * How much of its share a target gets that was away: nothing while it is, then a tenth that grows to the
 * whole within 30 s, so that an upstream that has just recovered is not overrun. It is seen to be away
 * when somebody asks; one that was away while nobody did has its whole share.
 */
export class ComeBack {
  readonly #clock: Pick<Clock, 'now'>;
  /** Of those models that were away; by id. */
  readonly #turns = new PerModel<Turn>(
    () => ({ isAway: false, backAt: Number.NEGATIVE_INFINITY }),
    (full) => void full.drop(() => true),
  );

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /**
   * 0 to 1.
   *
   * @param isAway whether nothing is to be sent to this model now
   */
  part(model: string, isAway: boolean): number {
    if (isAway) {
      this.#turns.use(model).isAway = true;
      return 0;
    }
    const turn = this.#turns.peek(model);
    if (turn === undefined) return 1;
    const now = this.#clock.now();
    if (turn.isAway) {
      turn.isAway = false;
      turn.backAt = now;
    }
    const grown = (now - turn.backAt) / RAMP_MS;
    return Math.min(1, FIRST_PART + (1 - FIRST_PART) * grown);
  }
}
