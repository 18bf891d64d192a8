import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { codeName, connect, type GrpcClient } from '../support/grpc-client.ts';
import { type SidecarProcess, startSidecar } from './sidecar.ts';

/** A pipe holds 64 KiB, a call writes about 300 bytes. */
const CALLS = 600;

let directory: string | undefined;
let sidecar: SidecarProcess | undefined;
let client: GrpcClient | undefined;
let stderr: number | undefined;

afterEach(async () => {
  client?.close();
  await sidecar?.stop();
  if (stderr !== undefined) closeSync(stderr);
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  stderr = undefined;
});

/** A pipe that nobody reads. */
function unreadPipe(): number {
  directory = mkdtempSync(join(tmpdir(), 'log-'));
  const path = join(directory, 'pipe');
  execFileSync('mkfifo', [path]);
  return openSync(path, constants.O_RDWR);
}

describe('the log', () => {
  it.each([
    ['whose disk is full', () => openSync('/dev/full', 'w')],
    ['whose pipe nobody reads', unreadPipe],
  ])('%s does not stop the service', async (_what, open) => {
    stderr = open();
    sidecar = await startSidecar({ stderr });
    client = connect(sidecar.address);
    const deadline = Date.now() + 60_000;
    for (let call = 0; call < CALLS; call += 1) {
      const answer = client.provider.unary('GetStatus', {}, { deadline });
      expect(await answer.then(() => 'OK', codeName)).toBe('OK');
    }
    expect(sidecar.alive).toBe(true);
    sidecar.child.kill('SIGTERM');
    expect(await sidecar.gone).toBe(0);
  });
});
