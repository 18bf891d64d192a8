import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RunningProcess, settle, startProcess } from '../../bench/processes.ts';
import { Role } from '../../src/gen/tamma/provider/v1/message.ts';
import { SendMessageRequest } from '../../src/gen/tamma/provider/v1/provider.ts';
import { RawGrpc } from '../support/raw-grpc.ts';
import { gzipFrame, prefix } from './wire.ts';

type Request = NonNullable<Parameters<typeof SendMessageRequest.fromPartial>[0]['request']>;

const SEND_MESSAGE = '/tamma.provider.v1.IAIProvider/SendMessage';
const MIB = 2 ** 20;
const SIZE = 8 * MIB;

/** What the sidecar takes before, and what one request may take while it is read: with less it ends. */
const HEAP_MIB = 96 + (10 * SIZE) / MIB + 16;

let upstream: Server;
let sidecar: RunningProcess;
let raw: RawGrpc;
let ended: Promise<unknown>;

beforeAll(async () => {
  // It reads each request to its end, and never answers.
  upstream = createServer((request) => request.resume().on('end', () => upstream.emit('asked')));
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const { port } = upstream.address() as AddressInfo;
  sidecar = await startProcess({
    args: [
      '--expose-gc',
      `--max-old-space-size=${HEAP_MIB}`,
      '--import=./bench/memory-probe.ts',
      'src/main.ts',
    ],
    environment: {
      OPENAI_API_KEY: 'sk-test',
      OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`,
      TAMMA_LISTEN: '127.0.0.1:0',
      TAMMA_ADMIN_LISTEN: '127.0.0.1:0',
    },
    stderr: 'ignore',
  });
  ended = once(sidecar.child, 'exit');
  raw = new RawGrpc(sidecar.address);
});

afterAll(async () => {
  await raw.close();
  sidecar.child.kill('SIGKILL');
  await ended;
  upstream.closeAllConnections();
  upstream.close();
});

const saying = (fields: Request): Request => ({ model: 'a-model-of-ours', ...fields });
const user = (content: string) => ({ role: Role.USER, content });
const ofParts = (parts: NonNullable<NonNullable<Request['messages']>[number]['parts']>) =>
  saying({ messages: [{ role: Role.USER, parts }] });
const many = <T>(count: number, one: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => one(index));

/** An object in an object, and so on. */
function deepSchema(levels: number, bytes: number): string {
  const open = '{"type":"object","properties":{"a":';
  const filled = JSON.stringify({ type: 'string', description: 'x'.repeat(bytes) });
  return `${open.repeat(levels)}${filled}${'}}'.repeat(levels)}`;
}

const withSchemas = (schemas: readonly string[]) =>
  saying({
    messages: [user('Say hello.')],
    tools: schemas.map((inputSchema, index) => ({ name: `tool_${index}`, inputSchema })),
  });

const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(SIZE, 7)]);

/** Sends a request, waits until the upstream has it, and tells what the sidecar keeps meanwhile, in bytes. */
async function keptFor(message: Uint8Array, compressed: boolean): Promise<number> {
  const before = await settle(sidecar.child);
  const stream = raw.open(SEND_MESSAGE, compressed ? { 'grpc-encoding': 'gzip' } : {});
  stream.on('error', () => {});
  stream.resume();
  const refused = new Promise((_, reject) => {
    const refuse = ({ 'grpc-message': message }: IncomingHttpHeaders) =>
      message !== undefined && reject(new Error(`it was refused: ${message}`));
    stream.once('response', refuse).once('trailers', refuse);
  });
  const asked = once(upstream, 'asked');
  stream.end(compressed ? gzipFrame(message) : Buffer.concat([prefix(0, message.length), message]));
  await Promise.race([asked, refused, ended.then(() => Promise.reject(new Error('it has ended')))]);
  const { heapUsed, external } = await settle(sidecar.child);
  stream.destroy();
  return heapUsed + external - before.heapUsed - before.external;
}

describe('one request takes at most ten times its bytes and 16 MiB', () => {
  beforeAll(async () => {
    const first = SendMessageRequest.fromPartial({ request: saying({ messages: [user('Hi.')] }) });
    await keptFor(SendMessageRequest.encode(first).finish(), false);
  });

  it.each<[string, () => Request, boolean?]>([
    ['many tiny messages', () => saying({ messages: many(16_000, () => user('x')) })],
    [
      'many parts',
      () => ofParts(many(16_000, () => ({ part: { $case: 'text', value: 'x' } }) as const)),
    ],
    ['one long text', () => saying({ messages: [user('word '.repeat(SIZE / 5))] })],
    ['text of several bytes', () => saying({ messages: [user('東京🗼é'.repeat(SIZE / 12))] })],
    ['a deep schema', () => withSchemas([deepSchema(60, 200_000)])],
    ['many tools', () => withSchemas(many(128, () => deepSchema(20, 6_000)))],
    [
      'an image as bytes',
      () =>
        ofParts([
          {
            part: {
              $case: 'image',
              value: { source: { $case: 'data', value: PNG }, mediaType: 'image/png' },
            },
          },
        ]),
    ],
    ['gzip', () => saying({ messages: [user('word '.repeat(SIZE / 5))] }), true],
  ])('%s', async (_what, fields, compressed = false) => {
    const request = SendMessageRequest.fromPartial({ request: fields() });
    const message = SendMessageRequest.encode(request).finish();
    const kept = await keptFor(message, compressed);
    expect(kept).toBeLessThan(10 * message.length + 16 * MIB);
  });
});
