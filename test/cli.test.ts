import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { type CommandLine, run } from '../src/cli.ts';
import type { Config } from '../src/config/schema.ts';
import { FakeHost, FakeSidecar } from './support/fake-host.ts';

/** Runs with a sidecar that stops as soon as it has started. */
async function runWith(argv: readonly string[], overrides: Partial<CommandLine> = {}) {
  const host = new FakeHost();
  const app = new FakeSidecar();
  const configs: Config[] = [];
  const commandLine: CommandLine = {
    argv,
    environment: { OPENAI_API_KEY: 'test-key' },
    readFile: (path) => `defaultModel: model-of-${path}`,
    version: '1.2.3',
    createApp: (config) => {
      configs.push(config);
      void app.stop();
      return app;
    },
    output: new PassThrough(),
    ...overrides,
  };
  const exitCode = await run(commandLine, host);
  return { exitCode, out: host.out, err: host.err, configs };
}

describe('command line', () => {
  it('runs with nothing but a key', async () => {
    const { exitCode, out, err, configs } = await runWith([]);
    expect({ exitCode, out, err }).toEqual({
      exitCode: 0,
      out: 'listening on 127.0.0.1:50051\n',
      err: '',
    });
    expect(configs).toMatchObject([
      { keys: [{ secret: 'test-key' }], defaultModel: 'gpt-5.4-mini' },
    ]);
  });

  it.each([['--config', 'a.yaml'], ['--config=a.yaml']])(
    'reads the file of %s',
    async (...argv) => {
      const { configs } = await runWith(argv);
      expect(configs).toMatchObject([{ defaultModel: 'model-of-a.yaml' }]);
    },
  );

  it('prints the version', async () => {
    const { exitCode, out, configs } = await runWith(['--version'], { environment: {} });
    expect({ exitCode, out, configs }).toEqual({ exitCode: 0, out: '1.2.3\n', configs: [] });
  });

  it('prints the usage on standard output when asked for it', async () => {
    const { exitCode, out, err } = await runWith(['--help'], { environment: {} });
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    for (const flag of ['--config', '--check-config', '--version', '--help']) {
      expect(out).toContain(`  ${flag} `);
    }
  });

  it.each([
    [['--nope'], '--nope'],
    [['serve'], 'serve'],
    [['--config'], '--config'],
    [['--config='], 'names no file'],
    [['--check-config=yes'], '--check-config'],
  ])('refuses %j with the usage and 2', async (argv, named) => {
    const { exitCode, out, err, configs } = await runWith(argv);
    expect({ exitCode, out, configs }).toEqual({ exitCode: 2, out: '', configs: [] });
    expect(err.split('\n\n')[0]).toContain(named);
    expect(err).toContain('\n\nUsage: ');
  });
});

describe('subcommand', () => {
  it('ledger has a command line of its own, and starts nothing', async () => {
    const output = new PassThrough();
    const { exitCode, err, configs } = await runWith(['ledger', '--help'], { output });
    expect({ exitCode, err, configs }).toEqual({ exitCode: 0, err: '', configs: [] });
    output.end();
    expect(await text(output)).toContain('Usage: tamma-provider-openai ledger ');
  });

  it('ledger tells on standard error what is wrong', async () => {
    const { exitCode, err } = await runWith(['ledger', '--nope'], { environment: {} });
    expect(exitCode).toBe(2);
    expect(err).toMatch(/^ledger: .*--nope/);
  });
});

describe('configuration', () => {
  it('prints every problem on a line of its own and ends with 2', async () => {
    const { exitCode, out, err, configs } = await runWith(['--config', 'a.yaml'], {
      environment: { TAMMA_LOG_LEVEL: 'loud' },
      readFile: () => 'allowDispose: 1\ncolour: red',
    });
    expect({ exitCode, out, configs }).toEqual({ exitCode: 2, out: '', configs: [] });
    expect(err.trimEnd().split('\n').sort()).toEqual([
      expect.stringMatching(/^configuration: OPENAI_API_KEY: no API key is given: /),
      expect.stringMatching(/^configuration: TAMMA_LOG_LEVEL: must be one of /),
      'configuration: allowDispose: must be true or false',
      'configuration: colour: unknown key',
    ]);
  });

  it('is checked and printed without secrets by --check-config, and nothing starts', async () => {
    const { exitCode, out, configs } = await runWith(['--check-config', '--config', 'a.yaml']);
    expect({ exitCode, configs }).toEqual({ exitCode: 0, configs: [] });
    expect(out).toContain('defaultModel: model-of-a.yaml\n');
    expect(out).not.toContain('test-key');
  });

  it('fails --check-config as it would fail a start', async () => {
    const { exitCode, out } = await runWith(['--check-config'], { environment: {} });
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
  });
});

describe('failures', () => {
  it('does not take a bug for a problem of the configuration', async () => {
    const environment = {
      get OPENAI_API_KEY(): string {
        throw new RangeError('a bug');
      },
    };
    await expect(runWith([], { environment })).rejects.toThrow('a bug');
  });

  it('says in one line that the sidecar could not be made, and ends with 1', async () => {
    const createApp = () => {
      throw new TypeError('Invalid URL');
    };
    const { exitCode, err } = await runWith([], { createApp });
    expect({ exitCode, err }).toEqual({ exitCode: 1, err: 'start failed: Invalid URL\n' });
  });
});
