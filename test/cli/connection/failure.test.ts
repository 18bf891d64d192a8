import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { status as Code, Metadata } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { HealthCheckResponse } from '../../../src/gen/grpc/health/v1/health.ts';
import { FakeHost } from '../../support/fake-host.ts';
import { withCannedSidecar } from '../support.ts';

const { sidecar, run } = withCannedSidecar();

describe('probe', () => {
  it.each([
    [2, 'NOT_SERVING'],
    [3, 'SERVICE_UNKNOWN'],
    [99, 'UNKNOWN'],
  ] as const)('fails with the status %d', async (status, name) => {
    sidecar.answer('check', HealthCheckResponse.fromPartial({ status: status as 2 }));
    expect(await run('probe --live')).toEqual({ exitCode: 1, out: '', err: `probe: ${name}\n` });
    expect(sidecar.requests).toEqual([{ service: 'liveness' }]);
    const { exitCode, out, err } = await run('probe --json');
    expect({ exitCode, json: JSON.parse(out), err }).toEqual({
      exitCode: 1,
      json: { status: name },
      err: '',
    });
  });
});

it('has no control character of others on a terminal, in words and in JSON', async () => {
  const details = 'a\u001b[2J\u009b1m';
  sidecar.refuse('getModels', { code: Code.NOT_FOUND, details });
  for (const [line, told] of [
    ['models', 'models: a␛[2J\ufffd1m\n'],
    ['models --json', '{"code":5,"message":"a\\u001b[2J\ufffd1m"}\n'],
  ] as const) {
    const host = new FakeHost();
    Object.assign(host.stderr, { isTTY: true });
    expect((await run(line, host)).err).toBe(told);
  }
  expect((await run('models')).err).toBe(`models: ${details}\n`);
});

describe('a call that ends with', () => {
  it.each([
    [
      Code.UNAVAILABLE,
      4,
      () => `models: no sidecar answers at ${sidecar.address}: why; --address says where it is\n`,
    ],
    [
      Code.DEADLINE_EXCEEDED,
      4,
      () => `models: no sidecar answers at ${sidecar.address}: why; --address says where it is\n`,
    ],
    [Code.PERMISSION_DENIED, 5, () => 'models: why\n'],
    [Code.NOT_FOUND, 6, () => 'models: why\n'],
    [Code.INVALID_ARGUMENT, 2, () => 'models: why\n'],
    [Code.RESOURCE_EXHAUSTED, 7, () => 'models: why\n'],
    [Code.INTERNAL, 1, () => 'models: why\n'],
  ])('%d and no details makes the program end with %d', async (code, exitCode, err) => {
    sidecar.refuse('getModels', { code, details: 'why', metadata: new Metadata() });
    expect(await run('models')).toEqual({ exitCode, out: '', err: err() });
  });

  it('nothing but that no connection was made says so', async () => {
    const details = 'No connection established. Last error: undefined. Resolution note: ';
    sidecar.refuse('getModels', { code: Code.UNAVAILABLE, details });
    expect((await run('models')).err).toContain(': no connection was made; --address');
  });

  it('words of OpenSSL is told what they say, in one line', async () => {
    const { exitCode, err } = await run('models --tls');
    expect(exitCode).toBe(4);
    expect(err).toMatch(/^models: no sidecar answers at \S+: TLS: wrong version number; .*\n$/);
  });

  it('a connection that is closed at once names TLS, for which the other side may wait', async () => {
    const server = createServer((socket) => socket.once('data', () => socket.end()));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const { exitCode, err } = await run(`models --address 127.0.0.1:${port}`);
      expect(exitCode).toBe(4);
      expect(err).toBe(
        `models: no sidecar answers at 127.0.0.1:${port}: it hangs up; if it speaks TLS, so must this: --tls; --address says where it is\n`,
      );
    } finally {
      server.close();
    }
  });

  it('no word of its own is told by its code', async () => {
    sidecar.refuse('getModels', { code: Code.INTERNAL, details: '' });
    expect(await run('models')).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('13 INTERNAL'),
    });
  });

  it('no details is its code and its words in JSON', async () => {
    sidecar.refuse('getModels', { code: Code.INTERNAL, details: 'why' });
    const { exitCode, err } = await run('models --json');
    expect({ exitCode, json: JSON.parse(err) }).toEqual({
      exitCode: 1,
      json: { code: 13, message: 'why' },
    });
  });
});
