import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { COMMANDS } from '../../src/cli/commands.ts';
import { FakeHost } from '../support/fake-host.ts';
import { runCommand } from '../support/run-command.ts';
import { API_KEY, aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import { tempFolder } from '../support/temp-folder.ts';

const directory = tempFolder();
const items = join(directory, 'items.jsonl');
const NAMES = Object.values(COMMANDS).flatMap(Object.keys);

let running: RunningApp;
let environment: Readonly<Record<string, string>>;

beforeAll(async () => {
  const yaml = `
    defaultModel: gpt-4o-mini
    dataDir: ${join(directory, 'data')}
    budgets: [{ name: users, scope: user, limit: 9 }]
    retryPolicy: { maxAttempts: 1 }
    batch: { pollInterval: 10ms }
  `;
  running = await startApp(yaml);
  environment = {
    OPENAI_API_KEY: API_KEY,
    TAMMA_ADDRESS: running.addresses[0] ?? '',
    TAMMA_ADMIN_ADDRESS: running.app.adminAddress,
    TAMMA_DATA_DIR: join(directory, 'data'),
  };
  // What usage, budgets and ledger tell of, whichever command comes first.
  await running.client.provider.unary('SendMessageSync', aRequest());
  // Behind this the ledger has it.
  await running.client.usage.unary('GetUsage');
  writeFileSync(items, `${JSON.stringify({ customId: 'a', ...aRequest() })}\n`);
});
afterAll(async () => {
  await running.stop();
});

function run(argv: readonly string[], host = new FakeHost()) {
  return runCommand(argv, { environment }, host);
}

/** JSON Lines, or one document. */
function jsonIn(out: string): unknown {
  try {
    return JSON.parse(out);
  } catch {
    return out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  }
}

describe('help', () => {
  it('of the program lists every command, and every exit code', async () => {
    const { exitCode, out, err } = await run(['--help']);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    for (const name of [...NAMES, 0, 1, 2, 3, 4, 5, 6, 7]) {
      expect(out).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
    }
  });

  it.each(NAMES)('of %s has examples and exit codes', async (name) => {
    const { exitCode, out, err } = await run([name, '--help']);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    expect(out).toContain(`Usage: tamma-provider-openai ${name} `);
    expect(out).toMatch(/\nExamples:\n {2}# /);
    expect(out).not.toMatch(/default: [[{]/);
    expect(out).toMatch(/\nExit codes: 0, 1, 2/);
    expect(await run(['help', name])).toEqual({ exitCode, out, err });
  });

  // All of them are refused while the sidecar drains.
  it.each(['ask', 'status', 'models', 'usage', 'budgets', 'batch', 'reload'])(
    'of %s says that it may succeed later',
    async (name) => {
      expect((await run([name, '--help'])).out).toMatch(/\nExit codes: .*\b7\b/);
    },
  );

  it.each(['create', 'status', 'results', 'cancel', 'list'])('of batch %s', async (name) => {
    const { exitCode, out } = await run(['batch', name, '--help']);
    expect(exitCode).toBe(0);
    expect(out).toContain(`Usage: tamma-provider-openai batch ${name} `);
  });

  it('is bold on a terminal, unless that has no colours or NO_COLOR is set', async () => {
    const helpWith = async (variables: Readonly<Record<string, string>>, isTTY: boolean) => {
      const host = new FakeHost();
      Object.assign(host.stdout, { isTTY });
      return (await runCommand(['--help'], { environment: variables }, host)).out;
    };
    expect(await helpWith({}, true)).toContain('\u001b[1mUsage:');
    for (const plain of [
      await helpWith({}, false),
      await helpWith({ NO_COLOR: '1' }, true),
      await helpWith({ TERM: 'dumb' }, true),
    ]) {
      expect(plain).not.toContain('\u001b');
    }
  });
});

/** For people: a pattern. For programs: what the JSON holds. Of those that run until they are told, none. */
const ANSWERED: readonly (readonly [argv: string, text: RegExp, json: unknown])[] = [
  ['check-config', /^# revision: [0-9a-f]{12}\n/, { revision: expect.any(String), config: {} }],
  [
    'ask Say hello',
    /^Hello from the stub\.\n$/,
    expect.arrayContaining([expect.objectContaining({ completed: expect.anything() })]),
  ],
  ['status', /^ready: openai 1\.2\.3, serving/, { state: 'STATE_SERVING', ready: true }],
  ['models', /^MODEL .*\n/, { models: expect.any(Array) }],
  [
    'models gpt-4o-mini',
    /context window: +128,000\n/,
    { id: 'gpt-4o-mini', contextWindow: 128000 },
  ],
  ['usage --by model', /^MODEL +ATTEMPTS .*\ngpt-4o-mini/, { rows: expect.any(Array) }],
  ['budgets', /^BUDGET .*\nusers +user - /, { budgets: [{ name: 'users' }] }],
  ['batch list', /^BATCH /, []],
  ['probe', /^SERVING\n$/, { status: 'SERVING' }],
  ['ledger', /"outcome":"completed"/, expect.anything()],
  [`protos --out ${join(directory, 'protos')}`, /^$/, { written: expect.any(Array) }],
];

describe.each(ANSWERED)('%s', (line, pattern, json) => {
  it('answers people', async () => {
    const { exitCode, out } = await run(line.split(' '));
    expect(exitCode).toBe(0);
    expect(out).toMatch(pattern);
  });

  it('answers programs in JSON', async () => {
    const { exitCode, out } = await run([...line.split(' '), '--json']);
    expect(exitCode).toBe(0);
    if (Array.isArray(json) && json.length === 0) expect(out).toBe('');
    else if (typeof json === 'object') expect(jsonIn(out)).toMatchObject(json as object);
  });
});
