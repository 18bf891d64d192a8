/** Where the ledger tells what became of it. A pino logger is one. */
export interface LedgerLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
