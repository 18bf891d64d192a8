/** Who asks for what takes long, who waits, and who goes away while it is made. */
import type { ClientHttp2Stream } from 'node:http2';
import { setTimeout as passed } from 'node:timers/promises';
import {
  CreateBatchRequest,
  CreateBatchResponse,
} from '../../src/gen/tamma/provider/v1/batch_provider.ts';
import { Role } from '../../src/gen/tamma/provider/v1/message.ts';
import { GetUsageRequest, UsageDimension } from '../../src/gen/tamma/provider/v1/usage_provider.ts';
import { field, prefix } from '../../test/attacks/wire.ts';
import {
  type Attack,
  LASTS_MS,
  over,
  overFour,
  PROVIDER,
  SEND_MESSAGE,
  storm,
  whole,
} from './attack.ts';
import { saying } from './requests.ts';

const BATCHES = '/tamma.provider.v1.IAIBatchProvider';
const GET_USAGE = '/tamma.provider.v1.IAIUsageProvider/GetUsage';
const DAY_MS = 86_400_000;
const CANCEL = 8;

/** Of all records, by all that tells them apart; another millisecond each time, so that no day is whole. */
function usage(): Buffer {
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const request = GetUsageRequest.fromPartial({
    startTime: at(today - 2 * DAY_MS + 1 + Math.floor(Math.random() * 1_000)),
    endTime: at(today - 1),
    groupBy: [
      UsageDimension.USER,
      UsageDimension.MODEL,
      UsageDimension.PROJECT,
      UsageDimension.OUTCOME,
    ],
  });
  return whole(GetUsageRequest.encode(request).finish());
}

function at(ms: number) {
  return { seconds: Math.floor(ms / 1_000), nanos: (ms % 1_000) * 1e6 };
}

/** Calls over four connections that are cancelled before they have begun, in the middle, and late. */
function cancels(paths: readonly string[], bytes: Buffer): Attack['run'] {
  return async (address) => {
    const until = performance.now() + LASTS_MS;
    const one = () =>
      over(address, async (raw) => {
        while (performance.now() < until) {
          const calls = Array.from({ length: 20 }, async (_, at) => {
            const stream = raw.open(paths[at % paths.length] ?? '');
            stream.on('error', () => {});
            stream.resume();
            stream.end(bytes);
            await passed(Math.random() * 100);
            stream.close(CANCEL);
          });
          await Promise.all(calls);
        }
      });
    await Promise.all(Array.from({ length: 4 }, one));
  };
}

/** One batch, for whose results thousands wait. */
function waiting(count: number): Attack['run'] {
  return async (address) => {
    await over(address, async (raw) => {
      const stream = raw.open(`${BATCHES}/CreateBatch`);
      for (const piece of batchOf(100)) stream.write(piece);
      stream.end();
      const { batch } = CreateBatchResponse.decode((await answerOf(stream)).subarray(5));
      const results = whole(field(1, Buffer.from(batch?.id ?? '')));
      await overFour(address, (connections) => {
        for (let call = 0; call < count; call += 1) {
          const waiter = connections[call % connections.length]?.open(
            `${BATCHES}/StreamBatchResults`,
          );
          waiter?.on('error', () => {});
          waiter?.resume();
          waiter?.end(results);
        }
      });
    });
  };
}

function batchOf(items: number): Buffer[] {
  const request = { model: 'gpt-4o', messages: [{ role: Role.USER, content: 'Say much.' }] };
  const pieces = [
    { $case: 'options', value: {} } as const,
    ...Array.from(
      { length: items },
      (_, at) => ({ $case: 'item', value: { customId: `item-${at}`, request } }) as const,
    ),
  ];
  return pieces.map((piece) =>
    whole(CreateBatchRequest.encode(CreateBatchRequest.fromPartial({ piece })).finish()),
  );
}

async function answerOf(stream: ClientHttp2Stream): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

/** So many calls at once, over four connections. */
function atOnce(count: number): Attack['run'] {
  return (address) =>
    overFour(address, (connections) => {
      for (let call = 0; call < count; call += 1) {
        const stream = connections[call % connections.length]?.open(SEND_MESSAGE);
        stream?.on('error', () => {});
        stream?.resume();
        stream?.end(saying('Say much.'));
      }
    });
}

const WATCHES = [`${PROVIDER}/WatchStatus`, '/grpc.health.v1.Health/Watch'];

export const PATIENCE_ATTACKS: readonly Attack[] = [
  {
    name: 'sums of 200,000 records without end',
    records: 200_000,
    run: storm([GET_USAGE], usage, () => ({})),
  },
  {
    name: 'calls that are cancelled at any point',
    upstream: 'an answer without end',
    run: cancels([SEND_MESSAGE, `${PROVIDER}/SendMessageSync`], saying('Say much.')),
  },
  { name: 'watches that come and go', run: cancels(WATCHES, prefix(0, 0)) },
  {
    name: '4,000 calls that wait for the results of a batch',
    keepsBatches: true,
    run: waiting(4_000),
  },
  {
    name: '2,000 calls at once whose upstream closes behind its headers',
    upstream: 'the end behind its headers',
    run: atOnce(2_000),
  },
];
