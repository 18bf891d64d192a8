import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { soon } from '../../core/soon.ts';
import { MAX_SENT_BYTES } from '../../money/cache/answer-store.ts';
import { MAX_WAIT_MS } from '../../money/cache/asker.ts';
import type { FinishedCall, RepeatStore } from '../../money/repeats/repeats.ts';
import { type KeySpace, keySpace } from '../redis/keys.ts';
import type { SharedStoreOptions } from '../redis/options.ts';
import { defineScript, type ScriptRunner } from '../redis/script.ts';

/** Of what is kept: another one could not be read by sidecars of this version. */
const FORMAT = 2;

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
    return soon(this.#clock, MAX_WAIT_MS, this.#read(name));
  }

  keep(name: string, { fingerprint, bytes }: FinishedCall, ttlMs: number): void {
    if (bytes.length > MAX_SENT_BYTES) return;
    const answer = bytes.toString();
    const args = [fingerprint, answer, String(ttlMs)];
    // While the server is away a repeat at another sidecar is made anew.
    this.#runner.run(KEEP, [this.#key(name)], args).catch(() => {});
  }

  async #read(name: string): Promise<FinishedCall | undefined> {
    const reply = await this.#runner.run(FIND, [this.#key(name)], []);
    const [fingerprint, answer] = reply as readonly (string | null)[];
    if (typeof fingerprint !== 'string' || typeof answer !== 'string') return undefined;
    return { fingerprint, bytes: Buffer.from(answer) };
  }

  /** Neither the caller's key nor its name is told to whoever reads the names of keys. */
  #key(name: string): string {
    return this.#keys('repeat', FORMAT, createHash('sha256').update(name).digest('hex'));
  }
}
