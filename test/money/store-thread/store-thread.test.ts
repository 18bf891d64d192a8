import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { beforeEach, expect, it, jest } from '@jest/globals';
import type { LedgerOperations } from '../../../src/money/ledger/ledger-store.ts';
import { StoreThread } from '../../../src/money/store-thread/store-thread.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { aCharge, aDirectory, aLedger, anOpening, inThread } from '../ledger/support.ts';

const unref = jest.spyOn(Worker.prototype, 'unref');

beforeEach(() => {
  unref.mockClear();
});

/** The threads that were started, the first one first. */
const workers = (): readonly Worker[] => [...new Set(unref.mock.contexts as Worker[])];

it('closes once all that was asked is answered, and takes nothing more', async () => {
  const thread = new StoreThread({});
  const ledger = thread.client<LedgerOperations>('ledger');
  const asked = Array.from({ length: 20 }, () => ledger.ask('add', [], []));
  await thread.close();
  await Promise.all(asked);
  await expect(ledger.ask('add', [], [])).rejects.toThrow('the ledger is closed');
});

it('starts in memory while the event loop goes on', async () => {
  const waits = jest.spyOn(Atomics, 'wait');
  const thread = new StoreThread({});
  await thread.client<LedgerOperations>('ledger').ask('add', [], []);
  expect(waits).not.toHaveBeenCalled();
  waits.mockRestore();
  await thread.close();
});

it('ends without an outage while a batch of a ledger in memory is on its way', async () => {
  const clock = new FakeClock();
  const { ledger, log, close } = aLedger({}, clock, inThread);
  for (let call = 0; call < 1_000; call++) {
    ledger.open(anOpening({ callId: `call-${call}` })).settle(aCharge());
  }
  clock.advance(50);
  await close();
  expect(log.lines).toEqual([]);
});

it('starts again when it has died, and loses nothing', async () => {
  const clock = new FakeClock();
  const { ledger, log, close } = aLedger({ directory: aDirectory() }, clock, inThread);
  const book = (callId: string) => ledger.open(anOpening({ callId })).settle(aCharge());
  book('before');
  const running = ledger.open(anOpening({ callId: 'runs on' }));
  expect((await ledger.sums({ groupBy: [] })).total.attempts).toBe(1);
  await workers()[0]?.terminate();
  for (let call = 0; call < 300; call += 1) book(`after ${call}`);
  expect((await ledger.sums({ groupBy: [] })).total.attempts).toBe(301);
  // What runs is nobody's to recover.
  running.settle(aCharge());
  const { rows } = await ledger.sums({ groupBy: ['outcome'] });
  expect(rows).toMatchObject([{ outcome: 'completed', attempts: 302 }]);
  expect(workers()).toHaveLength(2);
  await close();
  expect(log.lines).toEqual([]);
});

it('rejects what it was asked when it died, and waits longer each time', async () => {
  const thread = new StoreThread({ directory: aDirectory() });
  const ledger = thread.client<LedgerOperations>('ledger');
  const waits: number[] = [];
  for (let death = 0; death < 3; death += 1) {
    const asked = ledger.ask('add', [], []);
    await workers().at(-1)?.terminate();
    // It may have been answered just before.
    await asked.catch((error: Error) => expect(error.message).toMatch(/has ended/));
    const since = performance.now();
    await ledger.ask('add', [], []);
    waits.push(performance.now() - since);
  }
  expect(workers()).toHaveLength(4);
  expect(waits[1]).toBeGreaterThanOrEqual(190);
  expect(waits[2]).toBeGreaterThanOrEqual(390);
  await thread.close();
});

it('says why it cannot start again, and tries it anew', async () => {
  const directory = aDirectory();
  const thread = new StoreThread({ directory });
  const ledger = thread.client<LedgerOperations>('ledger');
  await ledger.ask('add', [], []);
  renameSync(directory, `${directory}.away`);
  writeFileSync(directory, '');
  await workers()[0]?.terminate();
  await expect(ledger.ask('add', [], [])).rejects.toThrow(
    /there can be no ledger|cannot be opened/,
  );
  rmSync(directory);
  renameSync(`${directory}.away`, directory);
  await ledger.ask('add', [], []);
  await thread.close();
});

it('is over when it died in memory, with all that was kept there', async () => {
  const thread = new StoreThread({});
  const ledger = thread.client<LedgerOperations>('ledger');
  await ledger.ask('add', [], []);
  await workers()[0]?.terminate();
  await expect(ledger.ask('add', [], [])).rejects.toThrow('has ended');
  await thread.close();
});

it('tells of no outage to whoever asks for sums while a ledger in memory is closed', async () => {
  const { ledger, log, close } = aLedger();
  for (let call = 0; call < 2_500; call++) {
    ledger.open(anOpening({ callId: `call-${call}` })).settle(aCharge());
  }
  const asked = ledger.sums({ groupBy: [] });
  const closing = close();
  await asked.catch(() => {});
  await closing;
  await ledger.sums({ groupBy: [] }).catch(() => {});
  expect(log.lines).toEqual([]);
});
