import type { ProviderLog } from '../../core/provider-log.ts';

/** Where the ledger tells what became of it. */
export type LedgerLog = Pick<ProviderLog, 'info' | 'error'>;
