import type { Result } from './report.ts';
import type { Subject } from './rows.ts';
import { type Column, figure, table } from './table.ts';

interface Line {
  readonly load: string;
  readonly what: string;
  readonly digits: number;
  readonly of: (result: Result) => number | undefined;
}

const cpuPerChunk = { what: 'CPU us/chunk', digits: 1, of: (r: Result) => r.cpuPerChunkUs };
const cpuPerCall = { what: 'CPU ms/call', digits: 3, of: (r: Result) => r.cpuPerCallMs };

const LINES: readonly Line[] = [
  { load: 'paced-50', ...cpuPerChunk },
  { load: 'paced-200', ...cpuPerChunk },
  { load: 'paced-400', ...cpuPerChunk },
  { load: 'unpaced', ...cpuPerChunk },
  { load: 'short', ...cpuPerCall },
  { load: 'sync', ...cpuPerCall },
  { load: 'brief-50', what: 'first text p50 ms', digits: 2, of: (r) => r.firstTextP50Ms },
  { load: 'brief-50', what: 'first text p99 ms', digits: 1, of: (r) => r.firstTextP99Ms },
  { load: 'paced-200', what: 'relay p50 ms', digits: 2, of: (r) => r.relayP50Ms },
  { load: 'paced-400', what: 'core %', digits: 0, of: (r) => r.subjectCore * 100 },
  { load: 'paced-200', what: 'RSS idle MiB', digits: 0, of: (r) => r.rssIdleMiB },
  { load: 'paced-200', what: 'RSS end MiB', digits: 0, of: (r) => r.rssEndMiB },
];

/** What a reader in a hurry looks for. */
export const FIRST_FIGURES: readonly string[] = [
  'paced-200, CPU us/chunk',
  'short, CPU ms/call',
  'brief-50, first text p50 ms',
  'paced-200, RSS end MiB',
];

/**
 * A line for each figure, with what it is beside that of the floor.
 *
 * @param only lines, as they are named in the first column. Default: all
 */
export function comparison(
  results: readonly Result[],
  subjects: readonly Subject[],
  only?: readonly string[],
): string {
  const find = (subject: Subject, load: string) =>
    results.find((result) => result.subject === subject && result.load === load);
  const lines = LINES.filter(
    ({ load, what }) =>
      find('floor', load) !== undefined && (only?.includes(`${load}, ${what}`) ?? true),
  );
  const columns: readonly Column<Line>[] = [
    { title: 'load', cell: ({ load, what }) => `${load}, ${what}` },
    ...subjects.map((subject) => ({
      title: subject,
      cell: ({ load, digits, of }: Line) => {
        const [own, floor] = [find(subject, load), find('floor', load)].map((r) => r && of(r));
        if (own === undefined || Number.isNaN(own)) return '';
        const isRatio = subject !== 'floor' && floor !== undefined;
        return figure(own, digits) + (isRatio ? ` (${figure(own / floor, 2)}x)` : '');
      },
    })),
  ];
  return table(columns, lines);
}
