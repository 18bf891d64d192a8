import { createHash } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { FinishedCall, RepeatStore } from '../money/repeats/repeats.ts';
import type { SharedStoreOptions } from './options.ts';
import { type KeySpace, keySpace } from './redis-keys.ts';
import { defineScript, type ScriptRunner } from './script.ts';

/** No call waits longer for the server, in ms: without an answer it is made anew. */
const WAIT_MS = 20;

/** A longer answer stays with the sidecar that has it, in bytes. */
const MAX_BYTES = 2 ** 20;

/** Of what is kept: another one could not be read by sidecars of this version. */
const FORMAT = 1;

const FIND = defineScript(`return redis.call('HMGET', KEYS[1], 'fingerprint', 'answer')`);

/** The first one stays: whoever made the call a second time has told its own caller. */
const KEEP = defineScript(`
  if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
  redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'answer', ARGV[2])
  return redis.call('PEXPIRE', KEYS[1], ARGV[3])
`);

/** Answers of calls with an idempotency key, for repeats of them at any sidecar. */
export class SharedRepeats implements RepeatStore {
  readonly #runner: ScriptRunner;
  readonly #clock: Clock;
  readonly #keys: KeySpace;

  constructor(
    runner: ScriptRunner,
    { keyPrefix }: Pick<SharedStoreOptions, 'keyPrefix'>,
    clock: Clock,
  ) {
    this.#runner = runner;
    this.#clock = clock;
    this.#keys = keySpace(keyPrefix);
  }

  async find(name: string): Promise<FinishedCall | undefined> {
    if (!this.#runner.isUp) return undefined;
    const late = Promise.withResolvers<undefined>();
    const timer = this.#clock.after(WAIT_MS, () => late.resolve(undefined), true);
    try {
      return await Promise.race([this.#read(name), late.promise]);
    } finally {
      timer.cancel();
    }
  }

  keep(name: string, { fingerprint, bytes }: FinishedCall, ttlMs: number): void {
    if (bytes.length > MAX_BYTES) return;
    const answer = bytes.toString();
    const args = [fingerprint, answer, String(ttlMs)];
    // While the server is away a repeat at another sidecar is made anew.
    this.#runner.run(KEEP, [this.#key(name)], args).catch(() => {});
  }

  /** Never rejects. */
  async #read(name: string): Promise<FinishedCall | undefined> {
    try {
      const reply = await this.#runner.run(FIND, [this.#key(name)], []);
      const [fingerprint, answer] = reply as readonly (string | null)[];
      if (typeof fingerprint !== 'string' || typeof answer !== 'string') return undefined;
      return { fingerprint, bytes: Buffer.from(answer) };
    } catch {
      return undefined;
    }
  }

  /** Neither the caller's key nor its name is told to whoever reads the names of keys. */
  #key(name: string): string {
    return this.#keys('repeat', FORMAT, createHash('sha256').update(name).digest('hex'));
  }
}
