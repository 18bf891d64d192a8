import { Alarm } from '../../core/alarm.ts';
import type { CallRecord } from '../../core/call-record.ts';
import type { Clock } from '../../core/clock.ts';
import { endReason } from '../../core/signal.ts';
import type { Circuit } from './circuit.ts';
import { LAST_RESORT_MS } from './open-times.ts';

/** So many wait for one circuit; more would only wait in vain. */
const MAX_WAITERS = 1_024;

/** One call waits so long before its first probe, twice as long before each further one, up to the second, in ms. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** Behind a closing the queue leaves in steps of so many ms, of which each lets twice as many go. */
const RAMP_STEP_MS = 250;

interface Waiter {
  readonly circuits: ReadonlySet<Circuit>;
  /** Epoch ms; it waits no longer. */
  readonly until: number;
  /** Epoch ms before which it does not probe: it has done so, in vain. */
  readonly from: number;
  readonly wake: (hasChance: boolean) => void;
}

/**
 * Where calls wait whose every route is refused by an open circuit, first come first served: the next
 * probe is one of theirs, and once a circuit closes they follow, not as a herd.
 */
export class WaitingRoom {
  readonly #clock: Clock;
  readonly #alarm: Alarm;
  readonly #waiters = new Set<Waiter>();
  /** How often a call has waited. */
  readonly #rounds = new WeakMap<CallRecord, number>();
  /** The circuits that refused a call lately. */
  readonly #refusals = new WeakMap<CallRecord, Set<Circuit>>();
  /** How many left behind the closing of a circuit, and when it closed. */
  readonly #ramps = new Map<Circuit, { readonly since: number; left: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#alarm = new Alarm(clock, () => this.#serve());
  }

  /** Notes that the circuit refused the call, or opened because of it. */
  refused(record: CallRecord, circuit: Circuit): void {
    const circuits = this.#refusals.get(record);
    if (circuits === undefined) this.#refusals.set(record, new Set([circuit]));
    else circuits.add(circuit);
  }

  /** Whether a circuit refused the call since it last waited. */
  hasRefused(record: CallRecord): boolean {
    return this.#refusals.has(record);
  }

  /**
   * Waits until one of the circuits that refused the call lets an attempt through.
   *
   * @param until epoch ms
   * @returns whether it does; false if the time is up, or if too many wait
   * @throws ProviderError the end of the call, as soon as `signal` is aborted
   */
  async wait(record: CallRecord, until: number, signal: AbortSignal): Promise<boolean> {
    const circuits = this.#refusals.get(record);
    this.#refusals.delete(record);
    if (circuits === undefined || this.#isFull(circuits)) return false;
    if (signal.aborted) throw endReason(signal);
    const rounds = this.#rounds.get(record) ?? 0;
    this.#rounds.set(record, rounds + 1);
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** rounds);
    const from = this.#clock.now() + pauseMs;
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiters.delete(waiter);
        reject(endReason(signal));
      };
      const waiter: Waiter = {
        circuits,
        until,
        from,
        wake: (hasChance) => {
          this.#waiters.delete(waiter);
          signal.removeEventListener('abort', onAbort);
          resolve(hasChance);
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(waiter);
      this.#serve();
    });
  }

  /** A circuit closed, or a probe ended without an outcome. */
  readonly look = (circuit: Circuit): void => {
    if (circuit.state === 'closed') this.#ramps.set(circuit, { since: this.#clock.now(), left: 0 });
    else this.#ramps.delete(circuit);
    if (this.#waiters.size > 0) this.#serve();
    if (this.#waiters.size === 0) this.#ramps.clear();
  };

  /** Lets everybody go without a chance. */
  close(): void {
    this.#alarm.cancel();
    for (const waiter of this.#waiters) waiter.wake(false);
  }

  /** Whether so many wait for each of these circuits: who waits for one is in nobody's way who waits for another. */
  #isFull(circuits: ReadonlySet<Circuit>): boolean {
    if (this.#waiters.size < MAX_WAITERS) return false;
    return [...circuits].every((circuit) => {
      let waiting = 0;
      for (const waiter of this.#waiters) if (waiter.circuits.has(circuit)) waiting += 1;
      return waiting >= MAX_WAITERS;
    });
  }

  #serve(): void {
    const now = this.#clock.now();
    const probed = new Set<Circuit>();
    let next = Number.POSITIVE_INFINITY;
    for (const waiter of this.#waiters) {
      if (now >= waiter.until) {
        waiter.wake(false);
        continue;
      }
      const chance = this.#chanceOf(waiter, probed, now);
      if (chance <= now) waiter.wake(true);
      else next = Math.min(next, chance, waiter.until);
    }
    this.#alarm.cancel();
    this.#alarm.at(next);
  }

  /** Epoch ms from which on one of its circuits lets it try. */
  #chanceOf({ circuits, from }: Waiter, probed: Set<Circuit>, now: number): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const circuit of circuits) {
      const at =
        circuit.state === 'closed'
          ? this.#turnOf(circuit, now)
          : Math.max(circuit.lastResortAt, from);
      if (at > now) {
        earliest = Math.min(earliest, at);
      } else if (circuit.state === 'closed') {
        return now;
      } else if (!probed.has(circuit)) {
        probed.add(circuit);
        circuit.halfOpen();
        return now;
      } else {
        // Who probes has the circuit to itself for a moment.
        earliest = Math.min(earliest, now + LAST_RESORT_MS);
      }
    }
    return earliest;
  }

  /** When the next may follow through a circuit that closed. */
  #turnOf(circuit: Circuit, now: number): number {
    const ramp = this.#ramps.get(circuit);
    if (ramp === undefined) return now;
    const step = Math.floor((now - ramp.since) / RAMP_STEP_MS);
    if (ramp.left < 2 ** (step + 1)) {
      ramp.left += 1;
      return now;
    }
    return ramp.since + (step + 1) * RAMP_STEP_MS;
  }
}
