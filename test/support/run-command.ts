import { type CommandLine, run } from '../../src/cli/run.ts';
import { readFrom } from './config.ts';
import { FakeHost } from './fake-host.ts';

/** Runs a command line in this process, without files and environment unless they are given. */
export async function runCommand(
  argv: readonly string[],
  overrides: Partial<CommandLine> = {},
  host = new FakeHost(),
) {
  const commandLine: CommandLine = {
    argv,
    environment: {},
    readFile: readFrom({}),
    packageRoot: new URL('../../', import.meta.url),
    version: '1.2.3',
    createApp: () => {
      throw new Error('no sidecar was asked for');
    },
    ...overrides,
  };
  const exitCode = await run(commandLine, host);
  return { exitCode, out: host.out, err: host.err };
}
