import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import {
  type ChannelCredentials,
  Client,
  credentials,
  InterceptingCall,
  type Interceptor,
} from '@grpc/grpc-js';
import { HealthCheckRequest, HealthService } from '../gen/grpc/health/v1/health.ts';
import * as batch from '../gen/tamma/provider/v1/batch_provider.ts';
import * as main from '../gen/tamma/provider/v1/provider.ts';
import * as usage from '../gen/tamma/provider/v1/usage_provider.ts';
import { clientStream, serverStream, unary } from './rpc.ts';

/** How a sidecar is reached, and who calls. */
export interface ConnectOptions {
  /** Speaks TLS. Files are PEM and read once. */
  readonly tls?: {
    /** Whom to trust. Default: the roots that come with Node.js. */
    readonly caFile?: string;
    /** For mTLS, with `keyFile`. */
    readonly certFile?: string;
    readonly keyFile?: string;
    /** The name in the sidecar's certificate, where it is not the address. */
    readonly serverName?: string;
  };
  /** Sent as `authorization: Bearer …` with every call. Refused without `tls`, save on loopback and sockets. */
  readonly token?: string;
}

/** Of an answer, which may have images in it; grpc-js takes 4 MiB unless told. */
const MAX_RECEIVE_BYTES = 64 * 2 ** 20;

/**
 * A connection that has died without a word, as behind a node that is gone, would hold its calls for as long as the
 * system sends again: a quarter of an hour.
 */
const KEEPALIVE = { 'grpc.keepalive_time_ms': 30_000, 'grpc.keepalive_timeout_ms': 20_000 };

/** Without it the first address that answers has all calls. */
const SPREAD = JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }], methodConfig: [] });

/** The sidecar's services, each RPC as a function. Connects with the first call. */
export type Sidecar = ReturnType<typeof connect>;

/**
 * @param address `127.0.0.1:50051`, `unix:/run/tamma/provider.sock`, or `dns:///tamma-provider:50051`, whose
 *   calls go to all addresses of the name in turn
 * @throws TypeError if a token would go over the network unencrypted
 */
export function connect(address: string, options: ConnectOptions = {}) {
  const { token } = options;
  if (token !== undefined && options.tls === undefined && !isLocal(address)) {
    throw new TypeError(`A token for ${address} needs TLS, or anybody on the way can read it.`);
  }
  const ip = ipOf(address);
  // TLS knows no numbers as names of servers, so that another is sent where there is none.
  const serverName = options.tls?.serverName ?? (ip === '' ? undefined : 'localhost');
  const client = new Client(address, channelCredentials(options, ip), {
    'grpc.max_receive_message_length': MAX_RECEIVE_BYTES,
    ...KEEPALIVE,
    // The sidecar retries, and a client that is told so by a name server, too, multiplies. What grpc-js sends
    // again that no sidecar has begun is another thing: without it a call is lost wherever a connection is told to go.
    'grpc.service_config_disable_resolution': 1,
    // A proxy of the environment (http_proxy) is on another machine: its loopback is not this one's.
    ...(isLocal(address) && { 'grpc.enable_http_proxy': 0 }),
    ...(mayBeSeveral(address) && { 'grpc.service_config': SPREAD }),
    ...(options.tls && serverName && { 'grpc.ssl_target_name_override': serverName }),
    ...(token !== undefined && { interceptors: [bearer(token)] }),
  });
  const { IAIProviderService: provider } = main;
  const { IAIUsageProviderService: usageProvider } = usage;
  const { IAIBatchProviderService: batchProvider } = batch;
  return {
    initialize: unary(client, provider.initialize, main.InitializeRequest),
    sendMessage: serverStream(client, provider.sendMessage, main.SendMessageRequest),
    sendMessageSync: unary(client, provider.sendMessageSync, main.SendMessageSyncRequest),
    getCapabilities: unary(client, provider.getCapabilities, main.GetCapabilitiesRequest),
    getModels: unary(client, provider.getModels, main.GetModelsRequest),
    dispose: unary(client, provider.dispose, main.DisposeRequest),
    getStatus: unary(client, provider.getStatus, main.GetStatusRequest),
    watchStatus: serverStream(client, provider.watchStatus, main.WatchStatusRequest),
    countTokens: unary(client, provider.countTokens, main.CountTokensRequest),
    invalidateCache: unary(client, provider.invalidateCache, main.InvalidateCacheRequest),
    reloadConfig: unary(client, provider.reloadConfig, main.ReloadConfigRequest),
    getUsage: unary(client, usageProvider.getUsage, usage.GetUsageRequest),
    getBudgets: unary(client, usageProvider.getBudgets, usage.GetBudgetsRequest),
    createBatch: clientStream(client, batchProvider.createBatch, batch.CreateBatchRequest),
    getBatch: unary(client, batchProvider.getBatch, batch.GetBatchRequest),
    listBatches: unary(client, batchProvider.listBatches, batch.ListBatchesRequest),
    cancelBatch: unary(client, batchProvider.cancelBatch, batch.CancelBatchRequest),
    streamBatchResults: serverStream(
      client,
      batchProvider.streamBatchResults,
      batch.StreamBatchResultsRequest,
    ),
    /** grpc.health.v1: of the service `liveness`, `readiness`, or, without a name, of all. */
    checkHealth: unary(client, HealthService.check, HealthCheckRequest),
    /** Resolves when the sidecar can be reached. Rejects after `timeoutMs`. */
    ready: (timeoutMs: number): Promise<void> =>
      new Promise((resolve, reject) =>
        client.waitForReady(Date.now() + timeoutMs, (error) =>
          error === undefined ? resolve() : reject(error),
        ),
      ),
    close: (): void => client.close(),
  };
}

/** @param ip that the certificate must have, unless a name is given; empty: it must have the name */
function channelCredentials({ tls }: ConnectOptions, ip: string): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  const { caFile, certFile, keyFile, serverName } = tls;
  const verify =
    ip === '' || serverName !== undefined
      ? {}
      : {
          checkServerIdentity: (_name: string, cert: PeerCertificate) =>
            checkServerIdentity(ip, cert),
        };
  return credentials.createSsl(read(caFile), read(keyFile), read(certFile), verify);
}

function read(path: string | undefined): Buffer | null {
  return path === undefined ? null : readFileSync(path);
}

/** Without the scheme of `dns:///127.0.0.1:50051` and `ipv4:127.0.0.1:50051`. */
function endpointOf(address: string): string {
  return address.replace(/^(dns:(\/\/[^/]*\/)?|ipv[46]:)/, '');
}

/** The number in `127.0.0.1:50051`, `[::1]:50051` and `dns:///127.0.0.1:50051`; empty if there is a name. */
function ipOf(address: string): string {
  const host = endpointOf(address)
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1');
  return isIP(host) === 0 ? '' : host;
}

/** A name, or a list, that is marked as one. */
function mayBeSeveral(address: string): boolean {
  return /^(dns|ipv4|ipv6):/.test(address);
}

/** Of a list all would have to be. */
function isLocal(address: string): boolean {
  return endpointOf(address)
    .split(',')
    .every((one) => /^(unix:|(localhost|127\.\d+\.\d+\.\d+|\[::1\]):\d+$)/.test(one));
}

function bearer(token: string): Interceptor {
  return (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start(metadata, listener, next) {
        metadata.set('authorization', `Bearer ${token}`);
        next(metadata, listener);
      },
    });
}
