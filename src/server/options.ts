import type { Duplex } from 'node:stream';
import type { Tracer } from '@opentelemetry/api';
import type { IAIBatchProvider } from '../batch/batch-provider.ts';
import type { Clock } from '../core/clock.ts';
import type { IAIProvider, IAIUsageProvider } from '../provider/provider.ts';
import type { CallEvents } from '../telemetry/call-events.ts';
import type { Instruments } from '../telemetry/instruments.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { LoadMeter } from './arrivals/load-meter.ts';
import type { OverloadLimits } from './arrivals/overload.ts';
import type { Authenticator, AuthenticatorOptions } from './callers/authenticator.ts';
import type { ListenerOptions } from './listener/listen.ts';
import type { RpcDeps } from './rpc/lifecycle.ts';

/** What can become another while it runs; calls keep what they began with. */
export interface LiveServerOptions {
  /** Bytes of requests that all calls together may hold. */
  readonly maxBytesInFlight: number;
  /** Connections at once, over all listeners; the one that is missed least makes room for the next. */
  readonly maxConnections: number;
  /** Time a connection may be without a call, in ms. */
  readonly idleTimeoutMs: number;
  /** Time a connection may stand, in ms, give or take a tenth. */
  readonly maxConnectionAgeMs: number;
  /** Time a call has that brings no deadline, in ms. */
  readonly defaultDeadlineMs: number;
  /** A deadline further away than this many ms is cut to it. At most 2^31-1. */
  readonly maxDeadlineMs: number;
  /** Time that running calls have to finish once the drain began, in ms. */
  readonly drainGraceMs: number;
  /** Whether callers who are not authenticated may start the drain by Dispose. */
  readonly allowDispose: boolean;
  /** Whether callers who are not authenticated may take answers out of the cache by InvalidateCache. */
  readonly allowInvalidateCache: boolean;
  /** Whether callers who are not authenticated may have the configuration read again by ReloadConfig. */
  readonly allowReload: boolean;
  /** As in InitializeResponse. */
  readonly configRevision: string;
  /** Beyond these SendMessage and SendMessageSync are refused. */
  readonly overload: OverloadLimits;
  /** Lines of failed calls with one reason at one target in ten seconds; 0: all. Default 0. */
  readonly maxRepeatedLines?: number;
}

export interface ServerOptions extends LiveServerOptions {
  readonly listen: readonly ListenerOptions[];
  /** Largest request, in bytes; a larger one is refused with RESOURCE_EXHAUSTED. */
  readonly maxMessageBytes: number;
  /** What this process may take of memory, in bytes. */
  readonly memoryBytes: number;
  /**
   * Time a request has to arrive, and a caller to read on, in ms; also how often a connection that does
   * nothing has to show that somebody is there.
   */
  readonly stallTimeoutMs: number;
  /** Calls that one connection may have open; a client queues the rest. */
  readonly maxConcurrentStreams: number;
  /** Who may call. Absent: everybody who reaches the listeners, and nobody is known. */
  readonly callers?: AuthenticatorOptions;
  /** Whether the server tells its contract by reflection. */
  readonly reflection: boolean;
  /** Permissions of socket files. 0o660 lets the owner's group connect. */
  readonly socketMode: number;
  /** Of this sidecar, semver. */
  readonly version: string;
}

export interface ServerDeps {
  readonly provider: IAIProvider & IAIUsageProvider;
  /** Absent: there is nowhere to keep batches. */
  readonly batches?: IAIBatchProvider;
  readonly logger: Logger;
  /** Has a line for each call. Default: the same. */
  readonly callLogger?: Logger;
  /** Is told of the beginning and the end of calls that answer a conversation. Default: nobody is. */
  readonly callEvents?: Pick<CallEvents, 'tell'>;
  readonly tracer: Tracer;
  readonly instruments: Instruments;
  readonly clock: Clock;
  /** Called when a caller was granted Dispose; expected to drain and to exit. */
  readonly onDispose: () => void;
  /** Reads the configuration again. Rejects with ProviderError. */
  readonly reload: () => Promise<Reloaded>;
  /** What is the matter with the configuration, a sentence each. Default: nothing. */
  readonly configProblems?: () => readonly string[];
  /** Is told of each call that answers a conversation when it is over. Default: nobody. */
  readonly onCall?: RpcDeps['onCall'];
  /** Makes the ids of calls. */
  readonly newId: () => string;
  /** Tells what the process has to bear; stopped by the drain. Default: it is measured. */
  readonly meter?: LoadMeter;
}

export interface GrpcServer {
  /**
   * Binds all addresses, or none, and serves. Resolves to the addresses with their real ports;
   * rejects with an error that names the address which could not be bound.
   */
  start(): Promise<readonly string[]>;
  /** Serves a caller of this process, over what nobody had to connect to. */
  inject(connection: Duplex): void;
  /**
   * Refuses new calls, lets those that run finish within the grace, ends the rest with
   * SHUTTING_DOWN, and closes. Repeated calls share one drain.
   */
  drain(): Promise<void>;
  readonly draining: boolean;
  /**
   * Has callers told as these options say, from the next `configure` on. Rejects if their files cannot be
   * read.
   */
  prepareCallers(options: AuthenticatorOptions | undefined): Promise<PreparedCallers>;
  /** Other options from now on, and other callers. */
  configure(options: LiveServerOptions, callers: PreparedCallers): void;
  /** Tells those who watch, if there is anything new. */
  refreshStatus(): void;
  /** Number of SendMessage and SendMessageSync calls that run. */
  activeCalls(): number;
  /** Share of what this process may have in use, 0 to 1. */
  load(): number;
  /** What is left of the drain, in ms. Undefined: it has not begun. */
  drainLeftMs(): number | undefined;
}

/** Who tells callers once it is configured. */
export interface PreparedCallers {
  /** Absent: nobody does. */
  readonly authenticator: Authenticator | undefined;
  /** They are not to be configured after all. */
  drop(): void;
}

/** What came of reading the configuration again. */
export interface Reloaded {
  /** Of the configuration that is now in force. */
  readonly configRevision: string;
  /** Keys whose change is in force, by their paths. */
  readonly changed: readonly string[];
  /** Keys whose change waits for a restart. */
  readonly needsRestart: readonly string[];
}
