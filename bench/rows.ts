import type { Peer } from './peers/start.ts';

/**
 * What the load is put on: the sidecar, bench/floor.ts, the stub itself, or another gateway. The last two
 * are asked over HTTP, and for a stream whatever the method.
 */
export type Subject = 'sidecar' | 'floor' | 'direct' | Peer;

export interface Row {
  readonly name: string;
  /** What it is called whatever it is put on. */
  readonly load: string;
  readonly subject: Subject;
  readonly method: 'SendMessage' | 'SendMessageSync';
  /** Calls at a time. */
  readonly streams: number;
  /** Chunks of text in one answer. */
  readonly deltas: number;
  /** Milliseconds between two of them; 0: all at once. */
  readonly paceMs: number;
  /** For how long it is measured, in ms. */
  readonly windowMs: number;
}

/** As long as ramp, warm-up and all windows: what is measured are chunks, not calls. */
const WHOLE_RUN = 900;

const PACED = { deltas: WHOLE_RUN, paceMs: 20, windowMs: 3000 } as const;
/** Short paced answers, so that there are many first tokens. */
const BRIEF = { deltas: 10, paceMs: 20, windowMs: 2500 } as const;

const BURST = { streams: 10, paceMs: 0, windowMs: 2500 } as const;
const STREAMED = { subject: 'sidecar', method: 'SendMessage' } as const;

const NAMED = [
  { name: 'paced-1', streams: 1, ...STREAMED, ...PACED },
  { name: 'paced-50', streams: 50, ...STREAMED, ...PACED },
  { name: 'paced-200', streams: 200, ...STREAMED, ...PACED },
  { name: 'paced-400', streams: 400, ...STREAMED, ...PACED },
  { name: 'brief-50', streams: 50, ...STREAMED, ...BRIEF },
  { name: 'unpaced', deltas: 2000, ...STREAMED, ...BURST },
  { name: 'short', deltas: 2, ...STREAMED, ...BURST },
  { name: 'sync', deltas: 20, subject: 'sidecar', method: 'SendMessageSync', ...BURST },
] as const;

/** The loads, as they are put on the sidecar. */
export const LOADS: readonly Row[] = NAMED.map((row) => ({ ...row, load: row.name }));

/** Each with its floor behind it, so that both see the machine in the same minute. */
export const ROWS: readonly Row[] = [
  ...LOADS.flatMap((row) => [row, on('floor', row)]),
  ...LOADS.filter(({ name }) => name === 'paced-200' || name === 'brief-50').map((row) =>
    on('direct', row),
  ),
];

/** The same load on another one. */
export function on(subject: Subject, row: Row): Row {
  const name = subject === 'sidecar' ? row.load : `${subject}-${row.load}`;
  return { ...row, name, subject };
}
