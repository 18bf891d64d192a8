import { ErrorReason } from '../../gen/tamma/provider/v1/error.ts';
import {
  ModelStatus_Circuit as Circuit,
  type ModelStatus,
  type UpstreamStatus,
} from '../../gen/tamma/provider/v1/provider.ts';
import type { Printer } from '../print/printer.ts';
import { count, moment, named, time } from '../print/words.ts';

const UPSTREAM_HEADS = ['TARGET', 'ENDPOINT', 'READY', 'KEYS', 'LAST SUCCESS', 'LAST FAILURE'];
const MODEL_HEADS = [
  'TARGET',
  'MODEL',
  'CIRCUIT',
  'RUNNING',
  'QUEUED',
  'FAILED',
  'FIRST TOKEN',
  'WAIT',
  'WHY NOT READY',
];

export function upstreamTable(upstreams: readonly UpstreamStatus[], printer: Printer) {
  const rows = upstreams.map((one) => [
    one.target,
    one.endpoint,
    yesNo(one.ready),
    one.keysSetAside > 0 ? `${one.keysSetAside} of ${one.keys} set aside` : count(one.keys),
    moment(one.lastSuccessTime),
    [moment(one.lastFailureTime), named(ErrorReason, one.lastFailureReason).toUpperCase()]
      .filter((text) => text !== '')
      .join(' '),
  ]);
  return printer.table(UPSTREAM_HEADS, rows);
}

/** Nothing, if no model was asked yet. */
export async function modelTable(upstreams: readonly UpstreamStatus[], printer: Printer) {
  const rows = upstreams.flatMap(({ target, models }) =>
    models.map((one) => modelRow(target, one)),
  );
  if (rows.length === 0) return;
  await printer.text('\n');
  await printer.table(MODEL_HEADS, rows);
}

function modelRow(target: string, { statistics, ...one }: ModelStatus): string[] {
  const failures = (statistics?.failures ?? []).reduce((sum, failure) => sum + failure.count, 0n);
  return [
    target,
    one.model,
    named(Circuit, one.circuit),
    count(one.running),
    count(one.queued),
    statistics === undefined ? '' : `${failures} of ${statistics.attempts}`,
    time(statistics?.timeToFirstToken?.p50),
    time(one.queueWait),
    one.ready ? '' : one.notReadyReason,
  ];
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}
