import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from '@jest/globals';
import { StatusEvents } from '../../src/server/page/status-events.ts';
import { FakeClock } from '../support/fake-clock.ts';

it('ends the pages that it cannot draw, and nothing else', async () => {
  const clock = new FakeClock();
  let drawing = () => 'drawn';
  const events = new StatusEvents(clock, () => drawing());
  const server = createServer((_, response) => events.open(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const page = await fetch(`http://127.0.0.1:${port}/`);
  clock.advance(1_000);
  drawing = () => {
    throw new Error('no page today');
  };
  clock.advance(1_000);
  expect(await page.text()).toBe('data: drawn\n\ndata: drawn\n\n');
  events.close();
  server.close();
});
