import type { Ledger } from '../money/ledger/ledger.ts';
import { StoreAwayError } from './script.ts';
import type { SharedTotals } from './shared-totals.ts';

/**
 * This process' ledger, whose sums are those of all sidecars. While the store is away they are its
 * own alone.
 */
export function sharedLedger(own: Ledger, totals: Pick<SharedTotals, 'sums'>): Ledger {
  return {
    open: (opening) => own.open(opening),
    spending: (since) => own.spending(since),
    close: () => own.close(),
    async sums(query) {
      try {
        return await totals.sums(query);
      } catch (error) {
        if (!(error instanceof StoreAwayError)) throw error;
        return own.sums(query);
      }
    },
  };
}
