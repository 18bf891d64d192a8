import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { CommandLine } from '../../src/cli/run.ts';
import type { Config } from '../../src/config/config.ts';
import { CannedSidecar } from '../support/canned-sidecar.ts';
import { FakeHost, FakeSidecar } from '../support/fake-host.ts';
import { runCommand } from '../support/run-command.ts';

/** Runs with a sidecar that stops as soon as it has started. */
async function runWith(argv: readonly string[], overrides: Partial<CommandLine> = {}) {
  const app = new FakeSidecar();
  const configs: Config[] = [];
  const outcome = await runCommand(argv, {
    environment: { OPENAI_API_KEY: 'test-key' },
    readFile: (path) => `defaultModel: model-of-${path}`,
    createApp: (config) => {
      configs.push(config);
      void app.stop();
      return app;
    },
    ...overrides,
  });
  return { ...outcome, configs };
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

  it('runs the sidecar without a name, and under its name', async () => {
    const { exitCode, configs } = await runWith(['serve', '--config', 'a.yaml']);
    expect({ exitCode, configs }).toMatchObject({
      exitCode: 0,
      configs: [{ defaultModel: 'model-of-a.yaml' }],
    });
  });

  it.each([
    [['--nope'], "serve: unknown option '--nope'; see serve --help"],
    [['nope'], "tamma-provider-openai: there is no command 'nope'; see --help"],
    [['ledgr'], "there is no command 'ledgr', perhaps ledger is meant"],
    [['serve', 'now'], 'serve: too many arguments'],
    [['--config'], "'--config <path>' argument missing"],
    [['--config='], 'names no file'],
    [['--check-config=yes'], '--check-config'],
    [['help', 'nope'], "no command 'nope'"],
    [
      ['batch', 'create'],
      "batch create: missing required argument 'file'; see batch create --help",
    ],
  ])('refuses %j with one line and 2', async (argv, named) => {
    const { exitCode, out, err, configs } = await runWith(argv);
    expect({ exitCode, out, configs }).toEqual({ exitCode: 2, out: '', configs: [] });
    expect(err).toContain(named);
    expect(err.indexOf('\n')).toBe(err.length - 1);
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

  const checked = (yaml: string, ...argv: string[]) =>
    runWith(['check-config', '--config', 'a.yaml', ...argv], { readFile: () => yaml });

  it('may be allowed and most likely not meant, which check-config says', async () => {
    const yaml = 'drain: {gracePeriod: 30}\ndataDir: /proc/x';
    const { exitCode, out, err } = await checked(yaml);
    expect({ exitCode, err }).toEqual({
      exitCode: 0,
      err: expect.stringMatching(
        /^warning: drain.gracePeriod: 30 without a unit is 30ms.\nwarning: dataDir: \/proc\/x cannot be used here: .*\n$/,
      ),
    });
    expect(out).not.toContain('warning');
    const { out: json, err: nothing } = await checked('drain: {gracePeriod: 30}', '--json');
    expect(nothing).toBe('');
    expect(JSON.parse(json)).toMatchObject({
      revision: expect.stringMatching(/^[0-9a-f]{12}$/),
      config: { drain: { gracePeriod: '30ms' } },
      warnings: ['drain.gracePeriod: 30 without a unit is 30ms.'],
    });
  });

  it('may be wrong, which check-config --json says as JSON', async () => {
    const { exitCode, out, err } = await checked('colour: red', '--json');
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(JSON.parse(err)).toEqual({
      problems: [{ path: 'colour', message: 'unknown key', source: 'a.yaml' }],
    });
  });

  it('may name a catalogue that is not there', async () => {
    const { exitCode, out, err } = await checked('catalogue: {file: /nowhere/models.yaml}');
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err).toMatch(
      /^configuration: catalogue.file: \/nowhere\/models.yaml: cannot be read: .*\n$/,
    );
  });
});

/** Its standard output takes nothing. */
function hostWithout(code: string) {
  const stdout = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('no space'), { code })),
  });
  return Object.assign(new FakeHost(), { stdout });
}

describe('failures', () => {
  it.each([
    ['ENOSPC', 1, 'models: standard output: no space\n'],
    ['EPIPE', 0, ''],
  ])('to write for %s end with %d', async (code, exitCode, err) => {
    const sidecar = new CannedSidecar();
    await sidecar.start();
    sidecar.answer('getModels', { models: [] });
    const environment = { TAMMA_ADDRESS: sidecar.address };
    const outcome = await runCommand(['models'], { environment }, hostWithout(code));
    sidecar.stop();
    expect(outcome).toEqual({ exitCode, out: '', err });
  });

  it.each([['check-config'], ['check-config', '--json'], ['serve', '--check-config']])(
    'to write a configuration are told in one line: %s %s',
    async (...argv) => {
      const environment = { OPENAI_API_KEY: 'test-key' };
      const outcome = await runCommand(argv, { environment }, hostWithout('ENOSPC'));
      const err = `${argv[0]}: standard output: no space\n`;
      expect(outcome).toEqual({ exitCode: 1, out: '', err });
    },
  );

  it.each(['ENOSPC', 'EPIPE'])('to write its addresses for %s end no sidecar', async (code) => {
    const app = new FakeSidecar();
    const environment = { OPENAI_API_KEY: 'test-key' };
    const createApp = () => app;
    const ended = runCommand([], { environment, createApp }, hostWithout(code));
    while (app.events.length === 0) await sleep(1);
    await sleep(1);
    expect(app.events).toEqual(['start']);
    await app.stop();
    expect(await ended).toEqual({ exitCode: 0, out: '', err: '' });
  });

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
