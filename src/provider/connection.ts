import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../core/clock.ts';
import { Counted } from '../core/counted.ts';
import type { ProviderLog } from '../core/provider-log.ts';
import type { Upstream } from '../core/upstream.ts';
import { createOpenAIUpstream, type OpenAIUpstreamOptions } from '../openai/upstream.ts';
import { type ApiKey, identityOf } from '../policies/keys/api-key.ts';
import { KeyRing } from '../policies/keys/key-ring.ts';
import { DEFAULT_TIMEOUTS, type TimeoutOptions } from '../policies/timeouts/options.ts';
import type { HostedToolOptions } from '../request/fit/hosted-tool-options.ts';
import type { UpstreamOptions } from './options.ts';

/** How an upstream is reached, and with which keys. */
export interface Connection {
  readonly upstream: Counted<Upstream>;
  readonly keys: KeyRing;
  /** Of what `upstream` was made; the what is read again from its file left out. */
  readonly made: unknown;
  /** The keys, and what they draw on, as one text. Secret. */
  readonly identity: string;
}

export interface ConnectionDeps {
  readonly clock: Clock;
  /** For what goes by dates. Default: `clock`. */
  readonly dated?: Clock;
  readonly log: ProviderLog;
  /** Whether callers see the upstream's own words for a failure. */
  readonly upstreamMessages: boolean;
  /** Whether a caller's tracestate is sent to the upstream. */
  readonly traceState: boolean;
  /** What callers may have the upstream run. */
  readonly hostedTools: HostedToolOptions;
}

/** What is chosen from where a server wants no key. */
const NO_KEY: ApiKey = { secret: '', weight: 1 };

/**
 * The connection of before if it would be made the same, else a new one, of which nothing is open yet.
 *
 * @param before of the same target
 * @throws TypeError if its `baseUrl` is not a URL, or if a key is empty or no header could carry it
 */
export function connectTo(
  options: UpstreamOptions,
  deps: ConnectionDeps,
  before?: Connection,
): Connection {
  if (options.keys.some(({ secret }) => secret === ''))
    throw new TypeError('a key is empty: where the server wants none, keys are an empty list');
  // No header could carry it, as a file's last line break.
  if (options.keys.some(({ secret }) => !/^[!-~]+$/.test(secret)))
    throw new TypeError('a key holds whitespace, a control character or one outside of ASCII');
  const all = options.keys.length > 0 ? options.keys : [NO_KEY];
  const keys = new KeyRing(all, deps.clock, before?.keys);
  const identity = JSON.stringify(all.map((key) => [identityOf(key), key.quotaGroup]));
  const wanted = upstreamOptions(options, deps);
  const trusted = options.ca?.file ?? options.ca?.pem;
  const made = { ...wanted, ca: trusted, apiKeys: options.keys.map(identityOf) };
  if (before !== undefined && isDeepStrictEqual(made, before.made)) {
    return { ...before, keys, identity };
  }
  const onKeyChange = (position: number) => keys.succeeded(position);
  const upstream = createOpenAIUpstream(wanted, { ...deps, onKeyChange });
  return { upstream: new Counted(upstream, () => upstream.close()), keys, made, identity };
}

export function timeoutOptions({ timeouts }: UpstreamOptions): TimeoutOptions {
  return { ...DEFAULT_TIMEOUTS, ...timeouts };
}

function upstreamOptions(
  options: UpstreamOptions,
  { upstreamMessages, traceState, hostedTools }: ConnectionDeps,
): OpenAIUpstreamOptions {
  const { keys, baseUrl, organization, project, apiVersion, keyHeader, proxy, ca, pipe } = options;
  const timeouts = timeoutOptions(options);
  const connects = timeouts.models.map(({ connectMs = 0 }) => connectMs);
  return {
    apiKeys: keys,
    baseUrl,
    upstreamMessages,
    traceState,
    mcpServers: hostedTools.mcpServers,
    connectTimeoutMs: Math.max(timeouts.connectMs, ...connects),
    afterFinishMs: timeouts.afterFinishMs,
    ...(organization === undefined ? {} : { organization }),
    ...(project === undefined ? {} : { project }),
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(keyHeader === undefined ? {} : { keyHeader }),
    ...(proxy === undefined ? {} : { proxy }),
    ...(ca === undefined ? {} : { ca }),
    ...(pipe === undefined ? {} : { pipe }),
  };
}
