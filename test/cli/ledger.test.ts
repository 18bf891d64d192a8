import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { CommandLine } from '../../src/cli/run.ts';
import { aCharge, aDirectory, aLedger, anOpening, MIDNIGHT } from '../money/ledger/support.ts';
import { FakeHost } from '../support/fake-host.ts';
import { runCommand } from '../support/run-command.ts';

/** A ledger of three calls, which ended at midnight, one and two seconds later. */
async function aFilledDirectory(): Promise<string> {
  const directory = aDirectory();
  const { ledger, advance } = aLedger({ directory });
  for (const second of [0, 1, 2]) {
    const times = { startedAt: MIDNIGHT, endedAt: MIDNIGHT + second * 1_000 };
    ledger.open(anOpening({ callId: `call-${second}` })).settle(aCharge(times));
  }
  await advance(50);
  return directory;
}

const ledgerCommand = (argv: readonly string[], overrides: Partial<CommandLine> = {}) =>
  runCommand(['ledger', ...argv], overrides);

const callsIn = (out: string) => out.match(/call-\d/g) ?? [];

describe('ledger', () => {
  it('writes JSON Lines of a ledger that is in use', async () => {
    const { exitCode, err, out } = await ledgerCommand(['--directory', await aFilledDirectory()]);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows).toMatchObject([
      { call_id: 'call-0', cost_usd: '0.000000001' },
      { call_id: 'call-1' },
      { call_id: 'call-2' },
    ]);
  });

  it('writes CSV', async () => {
    const argv = ['--format', 'csv', '--directory', await aFilledDirectory()];
    const { out } = await ledgerCommand(argv);
    const lines = out.split('\r\n');
    expect(lines).toHaveLength(5);
    expect(lines[0]).toMatch(/^ended_at,started_at,call_id,/);
    expect(lines[1]).toMatch(/^2026-01-01T00:00:00.000Z,2026-01-01T00:00:00.000Z,call-0,/);
  });

  it.each([
    [
      ['--from', '2026-01-01'],
      ['call-0', 'call-1', 'call-2'],
    ],
    [
      ['--from', '2026-01-01T00:00:01Z'],
      ['call-1', 'call-2'],
    ],
    [['--until', '2026-01-01T01:00:01+01:00'], ['call-0']],
    [['--from', '2026-01-01T00:00:00.5Z', '--until', '2026-01-01T00:00:02Z'], ['call-1']],
    [['--from', '2026-01-02'], []],
  ])('writes what ended in the range of %j', async (argv, calls) => {
    const { exitCode, out } = await ledgerCommand([
      '--directory',
      await aFilledDirectory(),
      ...argv,
    ]);
    expect(exitCode).toBe(0);
    expect(callsIn(out)).toEqual(calls);
  });

  it('finds the ledger where a sidecar with that environment has it, without a key', async () => {
    const directory = await aFilledDirectory();
    const { out } = await ledgerCommand([], { environment: { TAMMA_DATA_DIR: directory } });
    expect(callsIn(out)).toHaveLength(3);
  });

  it.each([
    ['--config', ['--config', 'a.yaml'], {}],
    ['TAMMA_CONFIG', [], { TAMMA_CONFIG: 'a.yaml' }],
  ])('finds it where the file of %s says', async (_, argv, environment) => {
    const directory = await aFilledDirectory();
    const readFile = () => `dataDir: ${directory}\ndefaultModel: gpt-5.4`;
    const { out } = await ledgerCommand(argv, { environment, readFile });
    expect(callsIn(out)).toHaveLength(3);
  });

  it('lets --directory win over the environment, and that over the file', async () => {
    const environment = { TAMMA_DATA_DIR: '/environment', TAMMA_CONFIG: 'a.yaml' };
    const readFile = () => 'dataDir: /file';
    const { err } = await ledgerCommand([], { environment, readFile });
    expect(err).toBe('ledger: There is no ledger in /environment.\n');
    const directory = await aFilledDirectory();
    const { out } = await ledgerCommand(['--directory', directory], { environment, readFile });
    expect(callsIn(out)).toHaveLength(3);
  });

  it.each([
    [
      ['--format', 'xml'],
      "option '--format <format>' argument 'xml' is invalid. Allowed choices are jsonl, csv",
    ],
    [
      ['--from', 'yesterday'],
      "option '--from <time>' argument 'yesterday' is invalid. It must be a day",
    ],
    [
      ['--from', '2026-02-30'],
      "option '--from <time>' argument '2026-02-30' is invalid. It must be a day",
    ],
    [
      ['--until', '2026-01-01T10:00:00'],
      "option '--until <time>' argument '2026-01-01T10:00:00' is invalid. It must be a day",
    ],
    [
      ['--until', '2026-13-01'],
      "option '--until <time>' argument '2026-13-01' is invalid. It must be a day",
    ],
    [['--from', '2026-01-02', '--until', '2026-01-01'], '--until must be after --from'],
    [['--nope'], "unknown option '--nope'"],
    [['more'], 'too many arguments'],
    [[], 'no ledger is named: give --directory, TAMMA_DATA_DIR or dataDir'],
    [['--directory', ''], 'no ledger is named'],
    [['--config', 'gone.yaml'], 'gone.yaml: the file cannot be read (ENOENT)'],
  ])('refuses %j with one line and 2', async (argv, message) => {
    const { exitCode, err, out } = await ledgerCommand(argv);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err.startsWith(`ledger: ${message}`)).toBe(true);
    expect(err.indexOf('\n')).toBe(err.length - 1);
  });

  it.each(['[]', 'dataDir: 7', 'defaultModel: gpt-5.4', ''])(
    'does not guess a directory from the file %j',
    async (file) => {
      const { exitCode } = await ledgerCommand(['--config', 'a.yaml'], { readFile: () => file });
      expect(exitCode).toBe(2);
    },
  );

  it('ends with 1 if there is no ledger', async () => {
    const directory = aDirectory();
    const { exitCode, err } = await ledgerCommand(['--directory', directory]);
    expect({ exitCode, err }).toEqual({
      exitCode: 1,
      err: `ledger: There is no ledger in ${directory}.\n`,
    });
  });

  it('is not over before everything is written, since the process ends with it', async () => {
    const [begun, taken] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const output = new Writable({
      write: (_chunk, _encoding, done) => {
        begun.resolve();
        void taken.promise.then(() => done());
      },
    });
    const host = Object.assign(new FakeHost(), { stdout: output });
    const argv = ['ledger', '--directory', await aFilledDirectory()];
    let over = false;
    const running = runCommand(argv, {}, host).finally(() => {
      over = true;
    });
    await begun.promise;
    await turn();
    expect(output.writableLength).toBeGreaterThan(0);
    expect(over).toBe(false);

    taken.resolve();
    expect((await running).exitCode).toBe(0);
    expect(output.writableLength).toBe(0);
  });

  it('stops in silence when nobody reads on', async () => {
    const output = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error(), { code: 'EPIPE' })),
    });
    const host = Object.assign(new FakeHost(), { stdout: output });
    const argv = ['ledger', '--directory', await aFilledDirectory()];
    expect(await runCommand(argv, {}, host)).toEqual({ exitCode: 0, out: '', err: '' });
  });

  it('does not take a bug for a mistake of whoever typed', async () => {
    const environment = {
      get TAMMA_DATA_DIR(): string {
        throw new RangeError('a bug');
      },
    };
    await expect(ledgerCommand([], { environment })).rejects.toThrow('a bug');
  });
});
