import { Server, Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, expect, it, jest } from '@jest/globals';
import { createApp } from '../src/app.ts';
import { rehearse } from '../src/rehearsal.ts';
import { load } from './support/config.ts';
import { type RunningApp, startApp } from './support/running-app.ts';

let running: RunningApp | undefined;
afterEach(async () => {
  jest.restoreAllMocks();
  await running?.stop();
  running = undefined;
});

/** What a scrape tells of calls and attempts. */
async function measured({ app }: RunningApp): Promise<readonly string[]> {
  const scraped = await (await fetch(`http://${app.adminAddress}/metrics`)).text();
  return (
    scraped.match(/^(?:rpc|gen_ai|tamma_provider_(?:attempt|answer|call|cost|over)).*$/gm) ?? []
  );
}

it('answers calls of both methods over both APIs', async () => {
  expect(await rehearse('1.2.3')).toEqual([3, 1, 3, 1]);
});

it('opens no connection and listens nowhere', async () => {
  const opened = jest.spyOn(Socket.prototype, 'connect');
  const listened = jest.spyOn(Server.prototype, 'listen');
  await rehearse('1.2.3');
  expect(opened).not.toHaveBeenCalled();
  expect(listened).not.toHaveBeenCalled();
});

it('is nothing that the sidecar logs, measures, books or sends', async () => {
  running = await startApp();
  const { app, log, stub, client } = running;
  const booked = () => client.usage.unary('GetUsage', {});
  const bookedBefore = await booked();
  const before = await measured(running);
  const lines = log.lines.length;
  expect(await rehearse('1.2.3')).toHaveLength(4);
  expect(await measured(running)).toEqual(before);
  expect(log.lines).toHaveLength(lines);
  expect(await booked()).toEqual(bookedBefore);
  expect(stub.requests).toHaveLength(0);
  expect(await (await fetch(`http://${app.adminAddress}/status`)).text()).not.toContain('rehears');
});

it('begins when the sidecar serves, and ends before that is told', async () => {
  const begun = Promise.withResolvers<string>();
  const warm = Promise.withResolvers<void>();
  let rehearsed = false;
  const app = createApp(
    load('', {
      OPENAI_API_KEY: 'none',
      OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
      TAMMA_LISTEN: '127.0.0.1:0',
      TAMMA_ADMIN_LISTEN: '127.0.0.1:0',
      TAMMA_LOG_LEVEL: 'silent',
    }),
    {
      version: '1.2.3',
      rehearse: async () => {
        begun.resolve(app.adminAddress);
        await nextTurn();
        rehearsed = true;
      },
      onWarm: () => {
        expect(rehearsed).toBe(true);
        warm.resolve();
      },
    },
  );
  await app.start();
  expect(await begun.promise).toBe(app.adminAddress);
  await warm.promise;
  await app.stop();
});
