import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type RunningApp, startApp } from '../support/running-app.ts';

const CALLS = 100_000;
/** After so many there is a call for each name that may become a label. */
const SETTLED = 2_000;
const AT_ONCE = 20;

const CONFIG = `
defaultModel: gpt-4o-mini
logLevel: silent
costManagement: { unpriced: mark }
catalogue: { unknownModels: allow }
overload: { maxEventLoopDelay: 1h }
budgets: [{ name: each, scope: user, limit: 1, period: day }]
`;

let running: RunningApp;

beforeAll(async () => {
  running = await startApp(CONFIG);
});
afterAll(() => running.stop());

/** Each of a model and a user that nobody has heard of. */
async function call(): Promise<void> {
  const name = randomBytes(6).toString('hex');
  await running.client.provider.unary('SendMessageSync', {
    request: {
      messages: [{ role: 'ROLE_USER', content: 'Say hello' }],
      model: `model-${name}`,
      metadata: { user_id: `user-${name}`, project_id: `project-${name}` },
    },
  });
}

async function calls(count: number): Promise<void> {
  let left = count;
  const one = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

async function scrape(): Promise<readonly string[]> {
  const text = await (await fetch(`http://${running.app.adminAddress}/metrics`)).text();
  const series = text.split('\n').map((line) => line.replace(/ \S+$/, ''));
  return series.filter((line) => line !== '' && !line.startsWith('#')).sort();
}

it('has the same series after 100,000 models and users as after the first few', async () => {
  await calls(SETTLED);
  const settled = await scrape();
  expect(settled.length).toBeGreaterThan(100);
  await calls(CALLS - SETTLED);
  expect(await scrape()).toEqual(settled);
  expect(settled.filter((line) => /user-|project-/.test(line))).toEqual([]);
});
