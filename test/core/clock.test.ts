import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { every, systemClock, type Timer } from '../../src/core/clock.ts';
import { busy } from '../support/busy.ts';

/** Timers that keep the process alive. */
const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

/** Both ends of a connection; the second is closed with the first. */
async function connection(): Promise<readonly [Socket, Socket]> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [[far]] = await Promise.all([once(server, 'connection'), once(near, 'connect')]);
  server.close();
  return [near, far as Socket];
}

describe('the system clock', () => {
  it('tells the time, and never an earlier one', () => {
    const first = systemClock.now();
    expect(first).toBeGreaterThan(Date.UTC(2026, 0, 1));
    expect(systemClock.now()).toBeGreaterThanOrEqual(first);
  });

  it('does not take what is further away than a timer reaches for what is due', async () => {
    let rang = false;
    const timer = systemClock.after(1e12, () => {
      rang = true;
    });
    await new Promise<void>((resolve) => systemClock.after(10, resolve));
    timer.cancel();
    expect(rang).toBe(false);
  });

  it('takes for silence only that nothing had come when the time was up, however late it is noticed', async () => {
    const [near, far] = await connection();
    const order: string[] = [];
    near.once('data', () => order.push('read'));
    far.write('something');
    const silent = new Promise<void>((resolve) => systemClock.afterSilence(1, resolve));
    busy(20);
    await silent;
    expect(order).toEqual(['read']);
    near.destroy();
  });

  it.each(['refresh', 'cancel'] as const)('lets %s a silence that is just over', async (what) => {
    let rang = 0;
    const timer = systemClock.afterSilence(1, () => {
      rang += 1;
    });
    systemClock.after(1, () => timer[what]());
    busy(5);
    await nextTurn();
    await nextTurn();
    expect(rang).toBe(0);
    timer.cancel();
  });

  it('begins a silence anew', async () => {
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      timer = systemClock.afterSilence(1, resolve);
      systemClock.after(1, () => timer?.refresh());
      busy(5);
    });
  });

  it.each([
    [undefined, 1],
    [false, 1],
    [true, 0],
  ])('keeps the process alive unless it waits in the background: %s', (background, more) => {
    const before = timers();
    const timer = systemClock.after(60_000, () => {}, background);
    expect(timers()).toBe(before + more);
    timer.refresh();
    expect(timers()).toBe(before + more);
    timer.cancel();
    expect(timers()).toBe(before);
  });
});

it('what is done again and again may end itself', async () => {
  let rang = 0;
  const timer = every(systemClock, 1, () => {
    rang += 1;
    if (rang === 3) timer.cancel();
  });
  while (rang < 3) await new Promise<void>((resolve) => systemClock.after(1, resolve));
  await new Promise<void>((resolve) => systemClock.after(10, resolve));
  expect(rang).toBe(3);
});
