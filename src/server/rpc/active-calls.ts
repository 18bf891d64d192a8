import type { ProviderError } from '../../core/errors.ts';
import { LiveSet, type Member } from '../../core/live-set.ts';

/** A call that runs. */
export interface ActiveCall extends Member {
  /** Whether it answers a conversation: what the provider's status counts. */
  readonly answers: boolean;
  /** Whether it is work that too much of would slow others down: what the overload guard counts. */
  readonly heavy: boolean;
  /** Whatever tells connections apart. */
  readonly connection: object;
  abort(reason: ProviderError): void;
}

/** The calls that run, so that a drain can wait for them and end them. */
export class ActiveCalls {
  readonly #calls = new LiveSet<ActiveCall>();
  #answering = 0;
  #heavy = 0;
  readonly #heavyOf = new WeakMap<object, number>();
  readonly #waiting: (() => void)[] = [];

  /** Number of SendMessage and SendMessageSync calls whose callers wait for them. */
  get answering(): number {
    return this.#answering;
  }

  /** Number of calls that the overload guard counts. */
  get heavy(): number {
    return this.#heavy;
  }

  /** How many of these are of one connection. */
  heavyOf(connection: object): number {
    return this.#heavyOf.get(connection) ?? 0;
  }

  add(call: ActiveCall): void {
    this.#calls.add(call);
    if (call.heavy) this.#countHeavy(call, 1);
    if (call.answers) this.#answering += 1;
  }

  /** Its caller has the status; to be called once. What it leaves behind may still have to be wound up. */
  answered(call: ActiveCall): void {
    if (call.answers) this.#answering -= 1;
    if (call.heavy) this.#countHeavy(call, -1);
  }

  /** Nothing of it is left. */
  remove(call: ActiveCall): void {
    this.#calls.delete(call);
    if (this.#calls.size === 0) for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Resolves as soon as nothing runs. */
  idle(): Promise<void> {
    if (this.#calls.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #countHeavy({ connection }: ActiveCall, by: 1 | -1): void {
    this.#heavy += by;
    this.#heavyOf.set(connection, this.heavyOf(connection) + by);
  }

  abortAll(reason: ProviderError): void {
    for (const call of this.#calls) call.abort(reason);
  }
}
