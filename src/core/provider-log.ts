/** Where the provider tells its operator what it did. A pino logger is one. */
export interface ProviderLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Tells nobody. */
export const SILENT: ProviderLog = { info: () => {}, warn: () => {}, error: () => {} };
