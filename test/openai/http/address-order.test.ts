import type dns from 'node:dns';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { AddressOrder } from '../../../src/openai/http/address-order.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const HOST = ['127.0.0.7', '127.0.0.8', '127.0.0.1'].map((address) => ({ address, family: 4 }));

const found = ((_host: string, _options: object, done: (...args: unknown[]) => void) =>
  process.nextTick(done, null, HOST)) as typeof dns.lookup;

const failing = ((_host: string, _options: object, done: (...args: unknown[]) => void) =>
  process.nextTick(done, new Error('ENOTFOUND'))) as typeof dns.lookup;

function listed(order: AddressOrder, all = true): Promise<unknown> {
  return new Promise((done) =>
    order.lookup('many.test', { all }, (error, address) =>
      done(error ?? (typeof address === 'string' ? address : address.map((one) => one.address))),
    ),
  );
}

describe('the addresses of a host', () => {
  it('are tried in the order of the system, those that failed lately last', async () => {
    // The same port is free at the other two.
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const clock = new FakeClock();
    const order = new AddressOrder(clock, found);
    const tried: string[] = [];
    for (let connection = 0; connection < 2; connection += 1) {
      const { lookup } = order;
      const socket = connect({ host: 'many.test', port, lookup, autoSelectFamily: true });
      order.watch(socket);
      socket.on('connectionAttempt', (ip: string) => tried.push(ip));
      socket.on('error', () => undefined);
      await once(socket, 'close');
    }
    server.close();
    expect(tried).toEqual([...HOST.map(({ address }) => address), '127.0.0.1']);
    expect(await listed(order)).toEqual(['127.0.0.1', '127.0.0.7', '127.0.0.8']);
    expect(await listed(order, false)).toBe('127.0.0.1');
    clock.advance(5 * 60_000);
    expect(await listed(order)).toEqual(['127.0.0.7', '127.0.0.8', '127.0.0.1']);
  });

  it('are none where the name is not known', async () => {
    expect(await listed(new AddressOrder(new FakeClock(), failing))).toEqual(
      new Error('ENOTFOUND'),
    );
  });
});
