import { afterEach, describe, expect, it } from '@jest/globals';
import { codeName, connect } from '../support/grpc-client.ts';
import { grpcStatus, RawGrpc } from '../support/raw-grpc.ts';
import { type SidecarProcess, startSidecar } from './sidecar.ts';
import { emptyFields, field, gzipFrame } from './wire.ts';

const COUNT_TOKENS = '/tamma.provider.v1.IAIProvider/CountTokens';
const INVALID_ARGUMENT = 3;

let sidecar: SidecarProcess | undefined;
let raw: RawGrpc | undefined;

afterEach(async () => {
  await raw?.close();
  await sidecar?.stop();
});

/** Sends a request and answers the status it got, which is none if the process has died of it. */
async function attack(message: Uint8Array, heapMiB: number): Promise<number> {
  sidecar = await startSidecar({ nodeOptions: [`--max-old-space-size=${heapMiB}`] });
  raw = new RawGrpc(sidecar.address);
  const stream = raw.open(COUNT_TOKENS, { 'grpc-encoding': 'gzip' });
  stream.on('error', () => {});
  stream.end(gzipFrame(message));
  return grpcStatus(stream);
}

async function expectServing(): Promise<void> {
  expect(sidecar?.alive).toBe(true);
  const client = connect(sidecar?.address ?? '');
  const health = client.health.unary('Check', { service: 'liveness' });
  expect(await health.then(() => 'OK', codeName)).toBe('OK');
  client.close();
}

describe('a small request that decodes to very many objects', () => {
  it.each([
    ['messages', field(1, emptyFields(1, 512 * 1024))],
    ['parts of a message', field(1, field(1, emptyFields(3, 512 * 1024)))],
    ['tools', field(1, emptyFields(11, 512 * 1024))],
    ['requests in one', emptyFields(1, 2 * 1024 * 1024)],
  ])('is refused unread: %s', async (_what, message) => {
    expect(await attack(message, 128)).toBe(INVALID_ARGUMENT);
    await expectServing();
  });

  it('is refused with what is wrong if it has as many as are read', async () => {
    const kinds = [3, 4, 7].map((kind) => emptyFields(kind, 16_384));
    const messages = [field(1, Buffer.concat(kinds)), emptyFields(1, 16_383)];
    expect(await attack(field(1, Buffer.concat(messages)), 128)).toBe(INVALID_ARGUMENT);
    await expectServing();
  });
});
