import { describe, expect, it } from '@jest/globals';
import { Courier } from '../../../src/shared-store/redis/courier.ts';

/** A courier whose batches arrive when the test says so. */
function openCourier() {
  const batches: (readonly number[])[] = [];
  let arrive = () => {};
  const courier = new Courier<number>((batch) => {
    batches.push(batch);
    return new Promise((resolve) => {
      arrive = resolve;
    });
  });
  const next = async () => {
    arrive();
    // It waits for the batch, and for the turn in which items are gathered.
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  };
  return { courier, batches, next };
}

describe('a courier', () => {
  it('takes together what is requested in one turn, once', async () => {
    const { courier, batches, next } = openCourier();
    for (const item of [1, 2, 1]) courier.request(item);
    await next();
    expect(batches).toEqual([[1, 2]]);
  });

  it('has one batch under way, and takes with the next what is requested meanwhile', async () => {
    const { courier, batches, next } = openCourier();
    courier.request(1);
    await next();
    courier.request(2);
    courier.request(1);
    await Promise.resolve();
    expect(batches).toEqual([[1]]);
    await next();
    expect(batches).toEqual([[1], [2, 1]]);
  });

  it('takes no more than a hundred at once', async () => {
    const { courier, batches, next } = openCourier();
    for (let item = 0; item < 150; item += 1) courier.request(item);
    await next();
    await next();
    expect(batches.map(({ length }) => length)).toEqual([100, 50]);
  });

  it('is idle when all has arrived, and can be used again', async () => {
    const { courier, batches, next } = openCourier();
    await courier.idle();
    courier.request(1);
    await next();
    let isIdle = false;
    const idle = courier.idle().then(() => {
      isIdle = true;
    });
    await Promise.resolve();
    expect(isIdle).toBe(false);
    await next();
    await idle;
    courier.request(2);
    await next();
    expect(batches).toEqual([[1], [2]]);
  });
});
