import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { Clock } from '../../core/clock.ts';
import type { ProviderLog } from '../../core/provider-log.ts';
import { readTextFile } from '../../core/read-file.ts';
import { identityOf } from '../../policies/keys/api-key.ts';
import { hideSecret } from '../../telemetry/secrets.ts';
import {
  type ClientOptions,
  RequestBuilder,
  type Requests,
  type RequestToBuild,
} from './client.ts';
import type { HttpRequest } from './http-request.ts';

/** An API key, and the file from which it is read again; without one it stays what it is. */
export interface KeyOptions {
  /** Secret. Visible ASCII. */
  readonly secret: string;
  /** Default: none. */
  readonly file?: string;
}

export interface RotatingKeyDeps {
  readonly clock: Clock;
  readonly log: ProviderLog;
  /** The file held another key. */
  readonly onChange: () => void;
}

/** How often it is looked whether the file changed, at most, in ms. */
const LOOK_EVERY_MS = 1_000;
/** A file that is being written is empty for a moment: how often, and how long apart in ms, it is read again. */
const READS = 3;
const READ_AGAIN_MS = 50;
/** No key is longer; tokens of workload identity are a few thousand. */
const MAX_LENGTH = 64 * 1024;

/**
 * Builds requests with a key that may change in its file: once a second at most, when it is used, it is looked
 * whether the file is another one, and after a refusal it is read at once. Kubernetes swaps the directory
 * above mounted secrets, and so what counts is the file that the path leads to.
 */
export class RotatingKey implements Requests {
  /** Tells it from other keys, to another process too, whatever its file holds; tells nothing of the secret. */
  readonly name: string;
  readonly #client: Omit<ClientOptions, 'apiKey'>;
  readonly #file: string | undefined;
  readonly #deps: RotatingKeyDeps;
  #secret: string;
  #builder: RequestBuilder;
  /** Of the file as it was read last. */
  #identity: string | undefined;
  /** Epoch ms. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;
  #isUnusable = false;

  constructor(
    client: Omit<ClientOptions, 'apiKey'>,
    { secret, file }: KeyOptions,
    deps: RotatingKeyDeps,
  ) {
    this.#client = client;
    this.#file = file;
    this.#deps = deps;
    this.#secret = secret;
    this.name = nameOf({ secret, ...(file !== undefined && { file }) });
    this.#builder = new RequestBuilder({ ...client, apiKey: secret });
  }

  /** What tells the key of now from the one before. Secret. */
  get current(): string {
    return this.#secret;
  }

  /** It stands in a file. */
  get canRenew(): boolean {
    return this.#file !== undefined;
  }

  build(wanted: RequestToBuild): HttpRequest | Promise<HttpRequest> {
    this.#look();
    return this.#builder.build(wanted);
  }

  /** Reads the file. Resolves with whether there is another key now than `refused`. */
  async renew(refused: string): Promise<boolean> {
    if (this.#secret !== refused) return true;
    if (this.#file === undefined) return false;
    // One that began before the refusal may have come too early.
    await this.#reading;
    if (this.#secret === refused) await this.#read(READS);
    return this.#secret !== refused;
  }

  /** No call waits for it: what it finds is there for the next. */
  #look(): void {
    if (this.#file === undefined) return;
    const now = this.#deps.clock.now();
    if (now - this.#lookedAt < LOOK_EVERY_MS) return;
    this.#lookedAt = now;
    void this.#read(1);
  }

  #read(times: number): Promise<void> {
    this.#reading ??= this.#take(times).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #take(times: number): Promise<void> {
    for (let left = times; left > 0; left -= 1) {
      if (await this.#takeOnce(times > 1)) return;
      if (left > 1)
        await new Promise((resolve) =>
          this.#deps.clock.after(READ_AGAIN_MS, () => resolve(undefined)),
        );
    }
  }

  /** Whether the file holds a key. */
  async #takeOnce(evenIfSame: boolean): Promise<boolean> {
    const file = this.#file ?? '';
    try {
      const { ino, dev, size, mtimeMs } = await stat(file);
      const identity = [dev, ino, size, mtimeMs].join();
      if (identity === this.#identity && !evenIfSame) return true;
      const secret = (await readTextFile(file, MAX_LENGTH)).trim();
      if (!/^[!-~]+$/.test(secret)) return this.#unusable();
      this.#identity = identity;
      this.#isUnusable = false;
      this.#use(secret, file);
      return true;
    } catch {
      return this.#unusable();
    }
  }

  #use(secret: string, file: string): void {
    if (secret === this.#secret) return;
    hideSecret(secret);
    this.#secret = secret;
    this.#builder = new RequestBuilder({ ...this.#client, apiKey: secret });
    this.#deps.log.info({ file }, 'an API key was read again from its file');
    this.#deps.onChange();
  }

  #unusable(): false {
    if (!this.#isUnusable) {
      this.#deps.log.warn(
        { file: this.#file },
        'the file of an API key holds none: the one before stays',
      );
    }
    this.#isUnusable = true;
    return false;
  }
}

/** Keys are random and long: nobody finds one by its hash. */
function nameOf(key: KeyOptions): string {
  return createHash('sha256').update(identityOf(key)).digest('hex').slice(0, 16);
}
