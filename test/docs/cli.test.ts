import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { COMMANDS } from '../../src/cli/commands.ts';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { FakeHost, FakeSidecar } from '../support/fake-host.ts';
import { runCommand } from '../support/run-command.ts';
import { API_KEY, type RunningApp, startApp } from '../support/running-app.ts';
import { tempFolder } from '../support/temp-folder.ts';

const page = readFileSync('docs/cli.md', 'utf8');
const lines = [...page.matchAll(/^tamma-provider-openai (.*)$/gm)].map(([, line = '']) => line);
const directory = tempFolder();

let running: RunningApp;
/** What stands for what in the page. */
const names = new Map<string, string>();

beforeAll(async () => {
  running = await startApp(`
    dataDir: ${join(directory, 'data')}
    budgets: [{ name: users, scope: user, limit: 9 }]
    batch: { pollInterval: 10ms }
  `);
  const request = { messages: [{ role: 'ROLE_USER', content: 'Say hello' }] };
  const requests = join(directory, 'requests.jsonl');
  writeFileSync(requests, JSON.stringify({ customId: 'a', request }));
  names.set('requests.jsonl', requests).set('contract', join(directory, 'contract'));
  await run('ask Say hello');
  names.set('CALL_ID', String((await running.log.ofCall('SendMessage')).call_id));
  const { out } = await run('batch create requests.jsonl --execution local');
  names.set('BATCH_ID', out.trim());
});
afterAll(async () => {
  await running.stop();
});

function run(line: string) {
  const words = line.match(/"[^"]*"|\S+/g) ?? [];
  const argv = words.map((word) => names.get(word) ?? word.replaceAll('"', ''));
  const host = new FakeHost();
  host.stdin = Readable.from(['From a pipe']);
  const app = new FakeSidecar();
  void app.stop();
  const environment = {
    OPENAI_API_KEY: API_KEY,
    TAMMA_ADDRESS: running.addresses[0] ?? '',
    TAMMA_ADMIN_ADDRESS: running.app.adminAddress,
    TAMMA_DATA_DIR: join(directory, line.startsWith('forget') ? 'other' : 'data'),
  };
  const readFile = () => 'logLevel: info';
  return runCommand(argv, { environment, readFile, createApp: () => app }, host);
}

it.each(lines)('runs as docs/cli.md says: %s', async (line) => {
  const { exitCode, err } = await run(line);
  // Where callers are not known, the configuration decides whether it may be reloaded.
  const allowed = line === 'reload' ? [0, 5] : [0];
  expect([line, err, allowed.includes(exitCode)]).toEqual([line, err, true]);
});

it('lists every command, with an example of each', () => {
  for (const name of Object.values(COMMANDS).flatMap(Object.keys)) {
    expect(page).toContain(`\n| \`${name}\` | `);
    expect(lines.map((line) => line.split(' ')[0])).toContain(name);
  }
});

it('has the exit codes of the program', () => {
  const table = exitCodes().map(([code, meaning]) => `| ${code} | ${meaning} |`);
  expect(page).toContain(`\n${table.join('\n')}\n`);
});

it('names options that there are', async () => {
  const commands = Object.values(COMMANDS).flatMap(Object.keys);
  const batch = ['create', 'status', 'results', 'list', 'cancel'].map((name) => `batch ${name}`);
  const helps = await Promise.all([...commands, ...batch].map((name) => run(`${name} --help`)));
  const known = new Set(helps.flatMap(({ out }) => out.match(/--[a-z-]+/g)).concat('--version'));
  const pages = ['docs/cli.md', 'docs/batch.md', 'docs/ledger.md', 'docs/testing.md'];
  const told = pages.flatMap((name) =>
    [...readFileSync(name, 'utf8').matchAll(/`(--[a-z-]+)[^`\n]*`/g)].map(([, option]) => option),
  );
  expect(told.length).toBeGreaterThan(20);
  expect(told.filter((option) => !known.has(String(option)))).toEqual([]);
});
