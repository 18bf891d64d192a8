/** What is said around requests: metadata, deadlines, encodings, streams of requests. */
import { setTimeout as passed } from 'node:timers/promises';
import { CreateBatchRequest } from '../../src/gen/tamma/provider/v1/batch_provider.ts';
import { Role } from '../../src/gen/tamma/provider/v1/message.ts';
import { SendMessageRequest } from '../../src/gen/tamma/provider/v1/provider.ts';
import { callHeaders, data, frame, openConnection } from '../../test/attacks/frames.ts';
import { field, prefix } from '../../test/attacks/wire.ts';
import {
  type Attack,
  COUNT_TOKENS,
  HEALTH,
  LASTS_MS,
  MIB,
  over,
  PROVIDER,
  REFLECTION,
  SEND_MESSAGE,
  storm,
  whole,
  write,
} from './attack.ts';
import { saying } from './requests.ts';

const BATCHES = '/tamma.provider.v1.IAIBatchProvider';
const CREATE_BATCH = `${BATCHES}/CreateBatch`;
const USAGE = '/tamma.provider.v1.IAIUsageProvider';
const HEADERS = 1;
const END_HEADERS = 4;
const NOTHING = whole(Buffer.alloc(0));

const pick = <T>(all: readonly T[]): T => all[Math.floor(Math.random() * all.length)] as T;

const metadata = (keys: number, bytes: number) => () =>
  Object.fromEntries(Array.from({ length: keys }, (_, at) => [`x-key-${at}`, 'v'.repeat(bytes)]));

const binaries = () =>
  Object.fromEntries(
    ['x-any-bin', 'traceparent-bin', 'grpc-trace-bin', 'grpc-status-details-bin'].map((key) => [
      key,
      pick(['', '!', '=', 'AAA', '====', '%', 'A'.repeat(8_000)]),
    ]),
  );

const deadlines = () => ({
  'grpc-timeout': pick(['0n', '0H', '-1S', '99999999H', '1n', '1u', 'S', '', '1e9S', '١S']),
});

const encodings = () => ({
  'grpc-encoding': pick(['gzip', 'deflate', 'identity', 'br', 'snappy', 'gzip,gzip', '', 'GZIP']),
  'grpc-accept-encoding': pick(['', 'x'.repeat(4_000), ','.repeat(4_000)]),
});

/** Headers again before the message is whole, and data behind them. */
const trailersWithin = (stream: number) => [
  callHeaders(stream, COUNT_TOKENS),
  data(stream, prefix(0, 100)),
  frame(HEADERS, END_HEADERS, stream, Buffer.from([0x00, 1, 0x78, 1, 0x78])),
  data(stream, Buffer.alloc(100), true),
];

function frames(make: (stream: number) => readonly Buffer[], nth: (call: number) => number) {
  return async (address: string): Promise<void> => {
    const until = performance.now() + LASTS_MS;
    while (performance.now() < until) {
      const socket = openConnection(address);
      for (let call = 0; !socket.destroyed && performance.now() < until; call += 100) {
        const some = Array.from({ length: 100 }, (_, at) => make(nth(call + at))).flat();
        await Promise.race([write(socket, Buffer.concat(some)), passed(100)]);
      }
      socket.destroy();
    }
  };
}

const options = whole(
  CreateBatchRequest.encode(
    CreateBatchRequest.fromPartial({ piece: { $case: 'options', value: {} } }),
  ).finish(),
);

function item(customId: string, content: string): Buffer {
  const request = { model: 'gpt-4o', messages: [{ role: Role.USER, content }] };
  const piece = { $case: 'item', value: { customId, request } } as const;
  return whole(CreateBatchRequest.encode(CreateBatchRequest.fromPartial({ piece })).finish());
}

/** Streams of items as fast as they are taken, over a connection each; none of them ends. */
function batches(streams: number, items: () => Buffer): Attack['run'] {
  return async (address) => {
    const until = performance.now() + LASTS_MS;
    const one = () =>
      over(address, async (raw) => {
        const stream = raw.open(CREATE_BATCH);
        stream.on('error', () => {});
        stream.resume();
        stream.write(options);
        while (!stream.destroyed && performance.now() < until) {
          if (!stream.write(items())) {
            const drained = new Promise((resolve) => stream.once('drain', resolve));
            await Promise.race([drained, passed(100)]);
          }
        }
        await passed(Math.max(0, until - performance.now()));
      });
    await Promise.all(Array.from({ length: streams }, one));
  };
}

const traces = () => ({
  traceparent: ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', '00-'.repeat(600)],
  tracestate: 'a=b,'.repeat(1_500),
  baggage: 'k=v,'.repeat(1_500),
});

function withKey(idempotencyKey: string): Buffer {
  const messages = [{ role: Role.USER, content: 'Say much.' }];
  const request = { model: 'gpt-4o', messages, idempotencyKey };
  return whole(SendMessageRequest.encode(SendMessageRequest.fromPartial({ request })).finish());
}

let made = 0;
const tinyItems = () =>
  Buffer.concat(Array.from({ length: 500 }, () => item(`item-${made++}`, 'x')));

export const CALL_ATTACKS: readonly Attack[] = [
  {
    name: 'health and reflection asked without end',
    run: storm([`${HEALTH}/Check`, REFLECTION, `${PROVIDER}/GetStatus`], NOTHING, () => ({})),
  },
  {
    name: 'batches and their results asked for without end',
    keepsBatches: true,
    run: storm(
      [`${BATCHES}/GetBatch`, `${BATCHES}/StreamBatchResults`, `${BATCHES}/CancelBatch`],
      whole(field(1, Buffer.from('batch-1'))),
      () => ({}),
    ),
  },
  {
    name: 'the models, budgets and usage asked for without end',
    keepsBatches: true,
    run: storm(
      [
        `${PROVIDER}/GetModels`,
        `${PROVIDER}/Initialize`,
        `${USAGE}/GetUsage`,
        `${USAGE}/GetBudgets`,
      ],
      NOTHING,
      () => ({}),
    ),
  },
  { name: 'metadata of 120 keys', run: storm([COUNT_TOKENS], saying('x'), metadata(110, 100)) },
  { name: 'metadata of 18 KB', run: storm([COUNT_TOKENS], saying('x'), metadata(3, 6_000)) },
  { name: 'metadata of 30 KB', run: storm([COUNT_TOKENS], saying('x'), metadata(5, 6_000)) },
  { name: 'metadata of 60 KB', run: storm([COUNT_TOKENS], saying('x'), metadata(10, 6_000)) },
  { name: 'traces of 14 KB', run: storm([COUNT_TOKENS], saying('x'), traces) },
  {
    name: 'idempotency keys without end',
    run: storm(
      [SEND_MESSAGE],
      () => withKey(`${made++}`.padEnd(200, 'k')),
      () => ({}),
    ),
  },
  {
    name: 'an idempotency key for all',
    run: storm(
      [SEND_MESSAGE],
      () => withKey('same'),
      () => ({}),
    ),
  },
  { name: 'binary metadata that is none', run: storm([COUNT_TOKENS], saying('x'), binaries) },
  { name: 'deadlines that are none', run: storm([COUNT_TOKENS], saying('x'), deadlines) },
  { name: 'encodings that are not true', run: storm([COUNT_TOKENS], saying('x'), encodings) },
  {
    name: 'headers again in the middle of a message',
    run: frames(trailersWithin, (n) => 2 * n + 1),
  },
  {
    name: 'the last numbers of streams',
    run: frames(
      (stream) => [callHeaders(stream, `${HEALTH}/Check`), data(stream, prefix(0, 0), true)],
      (n) => 2 ** 31 - 1 - 2 * Math.max(0, 1_000 - n),
    ),
  },
  { name: 'batches of tiny items without end', keepsBatches: true, run: batches(4, tinyItems) },
  {
    name: 'batches of 20 MiB items without end',
    keepsBatches: true,
    run: batches(4, () => item(`item-${made++}`, 'x'.repeat(20 * MIB))),
  },
  {
    name: '400 batches that say half of an item',
    keepsBatches: true,
    run: batches(400, () => item('item', 'x'.repeat(2_000)).subarray(0, 1_000)),
  },
];
