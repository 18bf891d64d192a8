import type { KeptBook, Ledger, LedgerEntry } from './ledger.ts';
import { NO_LABELS, noTotals } from './totals.ts';

/** Where nothing outlives the process. */
export const NO_KEPT_BOOK: KeptBook = { left: [], add() {}, gone() {} };

const IGNORED: LedgerEntry = { sent() {}, progress() {}, settle() {}, void() {} };

const NO_LEDGER: Ledger = {
  open: () => IGNORED,
  sums: async () => ({
    rows: [],
    total: { ...NO_LABELS, ...noTotals() },
    truncated: false,
    partial: false,
  }),
  spending: () => [],
  kept: NO_KEPT_BOOK,
  status: () => ({ since: 0, pending: 0, lost: 0 }),
  close: async () => {},
};

/** A ledger that records nothing. */
export function noLedger(): Ledger {
  return NO_LEDGER;
}
