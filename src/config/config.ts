import type { ConfiguredMcpServer } from './mcp-secrets.ts';
import type { Settings } from './schema.ts';

type Resolved = 'apiKeyFile' | 'hostedTools' | 'keys' | 'targets' | 'timeout';

/** How an upstream is reached. */
export interface ConfiguredWay {
  /** Secret: may carry credentials. Absent: there is no proxy on the way. */
  readonly proxyUrl?: string;
  /** What is trusted on the way, in PEM, and the file that holds it. */
  readonly ca?: { readonly pem: string; readonly file: string };
}

/** An API key, and where it was read. */
export type ConfiguredKey = Settings['keys'][number] & {
  /** Secret. Visible ASCII, never empty. */
  readonly secret: string;
};

export interface ConfiguredTarget
  extends Readonly<Omit<Settings['targets'][string], 'keys'>>,
    ConfiguredWay {
  readonly keys: readonly ConfiguredKey[];
}

/** The effective configuration: of file, environment and defaults. Frozen, all the way down. */
export interface Config extends Readonly<Omit<Settings, Resolved>>, ConfiguredWay {
  /** The target that is asked where none is named; absent: the upstream that the top level describes. */
  readonly home?: string;
  /** Of the default upstream. */
  readonly keys: readonly ConfiguredKey[];
  readonly hostedTools: Readonly<
    Pick<Settings['hostedTools'], 'allow'> & {
      readonly mcpServers: Readonly<Record<string, ConfiguredMcpServer>>;
    }
  >;
  /** By name. */
  readonly targets: Readonly<Record<string, ConfiguredTarget>>;
  /** Deadline of calls that bring none. */
  readonly timeoutMs: number;
  /** Secret: may carry credentials. With `store: redis`, and only then. */
  readonly redisUrl?: string;
  /** How it was written that most likely was not meant, a sentence each. Absent: nothing. */
  readonly slips?: readonly string[];
}
