/** The Redis or Valkey server that several sidecars share. */
export interface SharedStoreOptions {
  /** redis or rediss. Secret: may carry credentials. */
  readonly url: string;
  /** With which the names of all keys begin. */
  readonly keyPrefix: string;
  /** How long a lease is spent from without hearing from the server, in ms, 1,000 or more. */
  readonly leaseMs: number;
  /** Within which the server has to accept a connection, to greet and to answer each script, in ms: calls may wait for as long. Default 1,000. */
  readonly timeoutMs?: number;
  /** What becomes of calls that need more than what is leased while the server is away. */
  readonly onOutage: 'refuse' | 'allow';
  /** Of this sidecar, unique among those that share the server. Default: its host and a random part. */
  readonly name?: string;
}
