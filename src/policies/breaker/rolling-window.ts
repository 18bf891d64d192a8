import { EventEmitter } from 'node:events';
import type { Clock } from '../../core/clock.ts';

/** Of a window; what leaves it at once is a tenth. */
export const SLICES = 10;

/**
 * Moves the window over which opossum counts, when an outcome comes and not by a timer, of which each
 * circuit would have one.
 */
export class RollingWindow {
  /** Each `rotate` drops the oldest slice. */
  readonly rotations = new EventEmitter();
  readonly #clock: Clock;
  /** Epoch ms at which the newest slice began. */
  #slicedAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#slicedAt = clock.now();
  }

  /** Drops what has left the window of this length, in ms. */
  move(windowMs: number): void {
    const sliceMs = windowMs / SLICES;
    const slices = Math.floor((this.#clock.now() - this.#slicedAt) / sliceMs);
    if (slices === 0) return;
    this.#slicedAt += slices * sliceMs;
    this.#drop(Math.min(slices, SLICES));
  }

  /** Drops all that was counted. */
  clear(): void {
    this.#drop(SLICES);
  }

  #drop(slices: number): void {
    for (let i = 0; i < slices; i++) this.rotations.emit('rotate');
  }
}
