import type { Ledger, LedgerEntry } from './ledger.ts';
import { NO_LABELS, noTotals } from './totals.ts';

const IGNORED: LedgerEntry = { progress() {}, settle() {}, void() {} };

const NO_LEDGER: Ledger = {
  open: () => IGNORED,
  sums: async () => ({
    rows: [],
    total: { ...NO_LABELS, ...noTotals() },
    truncated: false,
    partial: false,
  }),
  spending: () => [],
  close: async () => {},
};

/** A ledger that records nothing. */
export function noLedger(): Ledger {
  return NO_LEDGER;
}
