import { Client, credentials } from '@grpc/grpc-js';
import { afterEach, expect, it } from '@jest/globals';
import { METRICS } from '../../../src/telemetry/metrics.ts';
import { serverPerTest } from '../../support/server-per-test.ts';

const start = serverPerTest();
let client: Client | undefined;
afterEach(() => client?.close());

async function call(address: string, path: string): Promise<void> {
  client = new Client(address, credentials.createInsecure());
  await new Promise<void>((resolve) => {
    client?.makeUnaryRequest(
      path,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      Buffer.alloc(0),
      () => resolve(),
    );
  });
}

it.each([
  [
    '/tamma.provider.v1.IAIProvider/Guess',
    { 'rpc.method': '_OTHER', 'rpc.status_code': 'UNIMPLEMENTED', 'error.type': 'UNIMPLEMENTED' },
    { 'rpc.method_original': 'tamma.provider.v1.IAIProvider/Guess' },
  ],
  [
    '/grpc.health.v1.Health/Check',
    { 'rpc.method': 'grpc.health.v1.Health/Check', 'rpc.status_code': 'OK' },
    {},
  ],
])('%s is traced and measured', async (path, attributes, more) => {
  const { addresses, telemetry } = await start();
  await call(addresses[0] ?? '', path);
  // The status arrives before the stream is closed here.
  while (telemetry.spans.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const common = { 'rpc.system.name': 'grpc', ...attributes };
  expect(telemetry.span).toMatchObject({ name: attributes['rpc.method'], kind: 1 });
  expect(telemetry.span.attributes).toEqual({ ...common, ...more });
  expect(await telemetry.measured(METRICS.rpcServerCallDuration.name)).toMatchObject([
    { attributes: common, count: 1 },
  ]);
});
