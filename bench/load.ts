import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from './target.ts';

/** Calls over and over again, `streams` at a time, until stopped. */
export class Load {
  readonly #target: Target;
  readonly #workers: Promise<void>[] = [];
  #stopped = false;

  constructor(target: Target) {
    this.#target = target;
  }

  /** Resolves when all have begun: spread over `rampMs`, since streams begun together stay in step. */
  async start(streams: number, rampMs: number): Promise<void> {
    const startedAt = performance.now();
    for (let started = 0; started < streams; started += 1) {
      const dueIn = startedAt + (rampMs * started) / streams - performance.now();
      if (dueIn >= 1) await sleep(dueIn);
      this.#workers.push(this.#work());
    }
  }

  /** Resolves when the calls that run have ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#workers);
  }

  async #work(): Promise<void> {
    while (!this.#stopped) await this.#target.call();
  }
}

/** Makes so many calls, `atOnce` at a time. */
export async function callTimes(target: Target, times: number, atOnce: number): Promise<void> {
  let left = times;
  const work = async (): Promise<void> => {
    while (left-- > 0) await target.call();
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
