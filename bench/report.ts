import type { Measured, Sample } from './measure.ts';
import type { Subject } from './rows.ts';
import { median } from './statistics.ts';
import { type Column, figure, table } from './table.ts';

/** The medians of a row's windows. CPU per chunk is in µs, CPU per call and delays are in ms. */
export interface Result {
  readonly name: string;
  readonly subject: Subject;
  /** The name of the load, whatever it is put on. */
  readonly load: string;
  readonly streams: number;
  readonly chunksPerSecond: number;
  readonly callsPerSecond: number;
  readonly failedCalls: number;
  /** Of rows with long answers. */
  readonly cpuPerChunkUs?: number;
  /** Of rows with short ones. */
  readonly cpuPerCallMs?: number;
  readonly firstTextP50Ms: number;
  readonly firstTextP99Ms: number;
  readonly relayP50Ms: number;
  readonly relayP99Ms: number;
  readonly chunksPerMessage: number;
  readonly subjectCore: number;
  readonly loadCore: number;
  readonly rssIdleMiB?: number;
  readonly rssEndMiB?: number;
}

/** Answers of more chunks than this are long: their calls' own cost is lost among the chunks'. */
const LONG_ANSWER = 100;

export function summarize({ row, samples, rssIdle, rssEnd }: Measured): Result {
  const mid = (of: (sample: Sample) => number): number => median(samples.map(of));
  const long = row.deltas > LONG_ANSWER;
  const measured = row.subject !== 'direct';
  const paced = row.paceMs > 0;
  return {
    name: row.name,
    subject: row.subject,
    load: row.load,
    streams: row.streams,
    chunksPerSecond: mid(({ chunks, seconds }) => chunks / seconds),
    callsPerSecond: mid(({ calls, seconds }) => calls / seconds),
    failedCalls: samples.reduce((total, { failed }) => total + failed, 0),
    ...(measured && long && { cpuPerChunkUs: mid((s) => (s.cpuSeconds / s.chunks) * 1e6) }),
    ...(measured && !long && { cpuPerCallMs: mid((s) => (s.cpuSeconds / s.calls) * 1e3) }),
    firstTextP50Ms: mid((sample) => sample.firstTextP50),
    firstTextP99Ms: mid((sample) => sample.firstTextP99),
    // Unpaced chunks wait for each other: there the delay tells how many there are.
    relayP50Ms: paced ? mid((sample) => sample.relayP50) : Number.NaN,
    relayP99Ms: paced ? mid((sample) => sample.relayP99) : Number.NaN,
    chunksPerMessage: mid(({ chunks, messages }) => chunks / messages),
    subjectCore: mid((s) => s.cpuSeconds / s.seconds),
    loadCore: mid((s) => s.loadCpuSeconds / s.seconds),
    ...(rssIdle === undefined ? {} : { rssIdleMiB: rssIdle }),
    ...(rssEnd === undefined ? {} : { rssEndMiB: rssEnd }),
  };
}

const COLUMNS: readonly Column<Result>[] = [
  { title: 'row', cell: ({ name }) => name },
  { title: 'streams', cell: ({ streams }) => String(streams) },
  { title: 'chunks/s', cell: (r) => rate(r.chunksPerSecond) },
  { title: 'calls/s', cell: (r) => rate(r.callsPerSecond) },
  { title: 'CPU us/chunk', cell: (r) => figure(r.cpuPerChunkUs, 1) },
  { title: 'CPU ms/call', cell: (r) => figure(r.cpuPerCallMs, 3) },
  { title: 'first text p50 ms', cell: (r) => figure(r.firstTextP50Ms, 2) },
  { title: 'p99', cell: (r) => figure(r.firstTextP99Ms, 1) },
  { title: 'relay p50 ms', cell: (r) => figure(r.relayP50Ms, 2) },
  { title: 'p99', cell: (r) => figure(r.relayP99Ms, 1) },
  { title: 'chunks/message', cell: (r) => ratio(r.chunksPerMessage) },
  { title: 'core %', cell: (r) => figure(r.subjectCore * 100, 0) },
  { title: 'load %', cell: (r) => figure(r.loadCore * 100, 0) },
  { title: 'RSS idle MiB', cell: (r) => figure(r.rssIdleMiB, 0) },
  { title: 'RSS end', cell: (r) => figure(r.rssEndMiB, 0) },
];

export function render(results: readonly Result[]): string {
  return table(COLUMNS, results);
}

function rate(value: number): string {
  return value === 0 ? '' : figure(value, 0);
}

function ratio(value: number): string {
  return Number.isFinite(value) ? figure(value, 2) : '';
}
