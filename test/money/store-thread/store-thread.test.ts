import { expect, it } from '@jest/globals';
import type { LedgerOperations } from '../../../src/money/ledger/ledger-store.ts';
import { StoreThread } from '../../../src/money/store-thread/store-thread.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { aCharge, aLedger, anOpening } from '../ledger/support.ts';

it('closes once all that was asked is answered, and takes nothing more', async () => {
  const thread = new StoreThread({});
  const ledger = thread.client<LedgerOperations>('ledger');
  const asked = Array.from({ length: 20 }, () => ledger.ask('add', [], []));
  await thread.close();
  await Promise.all(asked);
  await expect(ledger.ask('add', [], [])).rejects.toThrow('the ledger is closed');
});

it('ends without an outage while a batch of a ledger in memory is on its way', async () => {
  const clock = new FakeClock();
  const { ledger, log, close } = aLedger({}, clock);
  for (let call = 0; call < 1_000; call++) {
    ledger.open(anOpening({ callId: `call-${call}` })).settle(aCharge());
  }
  clock.advance(50);
  await close();
  expect(log.lines).toEqual([]);
});
