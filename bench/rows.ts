export interface Row {
  readonly name: string;
  /** `direct` leaves the sidecar out. */
  readonly target: 'SendMessage' | 'SendMessageSync' | 'direct';
  /** bench/floor.ts in the place of the sidecar. */
  readonly floor?: true;
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
const WHOLE_RUN = 600;

const PACED = { deltas: WHOLE_RUN, paceMs: 20, windowMs: 3000 } as const;
/** Short paced answers, so that there are many first tokens. */
const BRIEF = { deltas: 10, paceMs: 20, windowMs: 2500 } as const;

const MEASURED: readonly Row[] = [
  { name: 'paced-1', target: 'SendMessage', streams: 1, ...PACED },
  { name: 'paced-50', target: 'SendMessage', streams: 50, ...PACED },
  { name: 'paced-200', target: 'SendMessage', streams: 200, ...PACED },
  { name: 'paced-400', target: 'SendMessage', streams: 400, ...PACED },
  { name: 'brief-50', target: 'SendMessage', streams: 50, ...BRIEF },
  { name: 'unpaced', target: 'SendMessage', streams: 10, deltas: 2000, paceMs: 0, windowMs: 2500 },
  { name: 'short', target: 'SendMessage', streams: 10, deltas: 2, paceMs: 0, windowMs: 2500 },
  { name: 'sync', target: 'SendMessageSync', streams: 10, deltas: 20, paceMs: 0, windowMs: 2500 },
];

/** Each with its floor behind it, so that both see the machine in the same minute. */
export const ROWS: readonly Row[] = [
  ...MEASURED.flatMap((row) => [row, { ...row, name: floorOf(row.name), floor: true as const }]),
  { name: 'direct-200', target: 'direct', streams: 200, ...PACED },
  { name: 'direct-brief-50', target: 'direct', streams: 50, ...BRIEF },
];

export function floorOf(name: string): string {
  return `floor-${name}`;
}
