import { afterAll, beforeAll, beforeEach, expect } from '@jest/globals';
import { CannedSidecar } from '../support/canned-sidecar.ts';
import { FakeHost } from '../support/fake-host.ts';
import { runCommand } from '../support/run-command.ts';

/** A message as it is written. */
export type Written<T extends { fromPartial(message: never): unknown }> = Parameters<
  T['fromPartial']
>[0];

/** For the tests of a file: a canned sidecar, and the program with it in its environment. */
export function withCannedSidecar() {
  const sidecar = new CannedSidecar();
  beforeAll(() => sidecar.start());
  afterAll(() => sidecar.stop());
  beforeEach(() => {
    sidecar.requests.length = 0;
  });

  function run(line: string, host = new FakeHost()) {
    const environment = { TAMMA_ADDRESS: sidecar.address };
    return runCommand(line.split(' '), { environment }, host);
  }

  /** The lines on standard output of what ends well. */
  async function lines(line: string): Promise<readonly string[]> {
    const { exitCode, out, err } = await run(line);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    return out.trimEnd().split('\n');
  }

  return { sidecar, run, lines };
}
