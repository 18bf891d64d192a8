import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type ReloadingApp, startReloadingApp } from '../reload/reloading-app.ts';
import { runCommand } from '../support/run-command.ts';

let running: ReloadingApp;
beforeAll(async () => {
  running = await startReloadingApp('');
});
afterAll(() => running.stop());

const reload = (...argv: string[]) => runCommand(['reload', '--address', running.address, ...argv]);

it('says what changed, and that nothing did', async () => {
  running.write('defaultModel: gpt-4o');
  const { exitCode, out } = await reload();
  expect(exitCode).toBe(0);
  expect(out).toMatch(/^revision [0-9a-f]{12}\nchanged: defaultModel\n$/);
  expect((await reload()).out).toMatch(/\nnothing changed\n$/);
  expect(JSON.parse((await reload('--json')).out)).toMatchObject({ changed: [], needsRestart: [] });
});

it('ends with 2 and every problem if the file is wrong', async () => {
  running.write('colour: red\nlogLevel: loud');
  const { exitCode, out, err } = await reload();
  expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
  expect(err).toMatch(/^reload: INVALID_REQUEST: /);
  expect(err).toContain('\n  colour: unknown key\n');
  expect(err).toContain('\n  logLevel: ');
});
