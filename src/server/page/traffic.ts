import type { Clock } from '../../core/clock.ts';
import type { EndedCall } from './ended-call.ts';

/** One step of a plot. */
export interface TrafficSlice {
  /** Epoch ms at which it begins. */
  readonly at: number;
  readonly calls: number;
  readonly failures: number;
  /** Of prompt and answer. */
  readonly tokens: number;
  /** 95 of a hundred calls were faster to their first output, in ms. Absent: none had any. */
  readonly firstTokenMs?: number;
  /** The same for whole calls that were answered. */
  readonly durationMs?: number;
}

export const SLICE_MS = 10_000;

/** A quarter of an hour, less the slice that has only begun. */
const SLICES = 89;

/** Times of a slice of which the 95th percentile is taken; of more calls these are a sample. */
const SAMPLE = 100;

interface Counting {
  readonly number: number;
  calls: number;
  failures: number;
  tokens: number;
  readonly firstTokens: number[];
  readonly durations: number[];
}

/** What calls were like over the last quarter of an hour. */
export class Traffic {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #slices: Counting[] = [];
  #past: { readonly last: number; readonly slices: readonly TrafficSlice[] } | undefined;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  note({ record, error, endedAt }: EndedCall): void {
    const slice = this.#slice();
    slice.calls += 1;
    slice.tokens += record.usage?.totalTokens ?? 0;
    const { startedAt, firstOutputAt } = record;
    if (firstOutputAt !== undefined) sample(slice.firstTokens, firstOutputAt - startedAt, slice);
    if (error === undefined) sample(slice.durations, endedAt - startedAt, slice);
    else if (error.reason !== 'CANCELLED') slice.failures += 1;
  }

  /**
   * Those that are over, the oldest first, those without a call included. The same list until another one
   * is over.
   */
  get past(): readonly TrafficSlice[] {
    const last = Math.floor(this.#clock.now() / SLICE_MS) - 1;
    if (this.#past?.last !== last) {
      const byNumber = new Map(this.#slices.map((slice) => [slice.number, slice]));
      const slices = Array.from({ length: SLICES }, (_, i) => {
        const number = last - SLICES + 1 + i;
        return shown(number, byNumber.get(number));
      });
      this.#past = { last, slices };
    }
    return this.#past.slices;
  }

  #slice(): Counting {
    const number = Math.floor(this.#clock.now() / SLICE_MS);
    const last = this.#slices.at(-1);
    if (last?.number === number) return last;
    const slice = { number, calls: 0, failures: 0, tokens: 0, firstTokens: [], durations: [] };
    this.#slices.push(slice);
    if (this.#slices.length > SLICES + 1) this.#slices.shift();
    return slice;
  }
}

function sample(values: number[], value: number, { calls }: Counting): void {
  if (values.length < SAMPLE) values.push(value);
  else values[calls % SAMPLE] = value;
}

function shown(number: number, slice: Counting | undefined): TrafficSlice {
  const { calls = 0, failures = 0, tokens = 0, firstTokens = [], durations = [] } = slice ?? {};
  return {
    at: number * SLICE_MS,
    calls,
    failures,
    tokens,
    ...(firstTokens.length > 0 && { firstTokenMs: p95(firstTokens) }),
    ...(durations.length > 0 && { durationMs: p95(durations) }),
  };
}

function p95(values: readonly number[]): number {
  return Float64Array.from(values).sort()[Math.ceil(0.95 * values.length) - 1] ?? 0;
}
