import type { Ledger, LedgerEntry, LedgerSum } from './ledger.ts';

const NOTHING: LedgerSum = {
  model: '',
  userId: '',
  projectId: '',
  outcome: '',
  target: '',
  day: '',
  attempts: 0,
  estimatedAttempts: 0,
  unpricedAttempts: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  picoDollars: 0n,
};

const IGNORED: LedgerEntry = { progress() {}, settle() {}, void() {} };

const NO_LEDGER: Ledger = {
  open: () => IGNORED,
  sums: async () => ({ rows: [], total: NOTHING, truncated: false }),
  spending: () => [],
  close: async () => {},
};

/** A ledger that records nothing. */
export function noLedger(): Ledger {
  return NO_LEDGER;
}
