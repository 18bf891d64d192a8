import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from '@jest/globals';
import { StatusEvents } from '../../src/server/page/status-events.ts';
import { FakeClock } from '../support/fake-clock.ts';

let end = () => {};
afterEach(() => end());

async function startPages(draw: () => ReadonlyMap<string, string>) {
  const clock = new FakeClock(5_000);
  const events = new StatusEvents(clock, draw);
  const server = createServer((_, response) => events.open(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  end = () => {
    events.close();
    server.close();
  };
  return { clock, events, open: () => fetch(`http://127.0.0.1:${port}/`) };
}

it('ends the pages that it cannot draw, and nothing else', async () => {
  let drawing = () => new Map([['head', 'drawn']]);
  const { clock, open } = await startPages(() => drawing());
  const page = await open();
  clock.advance(1_000);
  drawing = () => {
    throw new Error('no page today');
  };
  clock.advance(1_000);
  expect(await page.text()).toBe('id: 5000\ndata: drawn\n\nid: 6000\ndata: \n\n');
});

it('draws once a second for any number of pages, sends what has changed, and rests without pages', async () => {
  let drawings = 0;
  const { clock, events, open } = await startPages(() => {
    drawings += 1;
    return new Map([
      ['head', 'always the same'],
      ['facts', `drawing ${Math.ceil(drawings / 2)}`],
    ]);
  });
  clock.advance(60_000);
  expect([drawings, clock.pending]).toEqual([0, 0]);
  const pages = [await open(), await open(), await open()];
  expect(drawings).toBe(1);
  for (let ms = 0; ms < 3_000; ms += 100) clock.advance(100);
  expect(drawings).toBe(4);
  events.close();
  expect(clock.pending).toBe(0);
  for (const page of pages) {
    expect((await page.text()).split('\n\n')).toEqual([
      'id: 65000\ndata: always the samedrawing 1',
      'id: 66000\ndata: ',
      'id: 67000\ndata: drawing 2',
      'id: 68000\ndata: ',
      '',
    ]);
  }
});

it('lets nothing that is drawn say anything but data', async () => {
  const { events, open } = await startPages(() => new Map([['a', 'p\revent: none\r\nid: 1\n\nb']]));
  const page = await open();
  events.close();
  expect(await page.text()).toBe(
    'id: 5000\ndata: p\ndata: event: none\ndata: id: 1\ndata: \ndata: b\n\n',
  );
});
