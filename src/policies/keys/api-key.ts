/** One of the keys with which an upstream is asked. */
export interface ApiKey {
  /** Secret. Visible ASCII, never empty. */
  readonly secret: string;
  /** File that holds it, from which it is read again when it changes. Absent: it stays what it is. */
  readonly file?: string;
  /** Share of the calls it gets, in relation to the other keys; above 0. */
  readonly weight: number;
  /** Keys with the same name here draw on the same limits. Absent: the upstream's answers tell. */
  readonly quotaGroup?: string;
}

/** What tells a key from others, though its file may hold another secret by now. */
export function identityOf({ file, secret }: Pick<ApiKey, 'file' | 'secret'>): string {
  return file === undefined ? `secret ${secret}` : `file ${file}`;
}
