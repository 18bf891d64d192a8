import { describe, expect, it } from '@jest/globals';
import { noLedger } from '../../../src/money/ledger/no-ledger.ts';
import { aCharge, anOpening } from './support.ts';

describe('no ledger', () => {
  it('takes everything and records nothing', async () => {
    const ledger = noLedger();
    const entry = ledger.open(anOpening());
    entry.progress(1);
    entry.settle(aCharge());
    ledger.open(anOpening({ callId: 'call-2' })).void();
    const { rows, total, truncated } = await ledger.sums({ groupBy: ['model'] });
    expect({ rows, truncated }).toEqual({ rows: [], truncated: false });
    expect(total).toMatchObject({ attempts: 0, picoDollars: 0n });
    expect(ledger.spending(0)).toEqual([]);
    await ledger.close();
  });
});
