import { Readable, type Writable } from 'node:stream';
import {
  type ChannelCredentials,
  Client,
  type ClientOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type ServiceError,
  type StatusObject,
  status,
} from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition, type ServiceDefinition } from '@grpc/proto-loader';

/**
 * A client that shares nothing with the server but the proto files: messages in camel case, enums
 * as their names, int64 as numbers, and each oneof's name beside its field.
 */

export type WireMessage = Readonly<Record<string, unknown>>;

export interface CallSettings {
  readonly metadata?: Readonly<Record<string, string>>;
  /** Epoch ms. */
  readonly deadline?: number;
  /** Cancels the call. */
  readonly signal?: AbortSignal;
  /** Waits, within the deadline, where nobody can be reached. Default: it fails. */
  readonly waitForReady?: boolean;
}

export interface RpcClient {
  /** Rejects with a ServiceError. */
  unary(method: string, request?: WireMessage, settings?: CallSettings): Promise<WireMessage>;
  /** Sends messages as the server takes them. Rejects with a ServiceError. */
  upload(
    method: string,
    requests: Iterable<WireMessage> | AsyncIterable<WireMessage>,
    settings?: CallSettings,
  ): Promise<WireMessage>;
  stream(
    method: string,
    request?: WireMessage,
    settings?: CallSettings,
  ): ClientReadableStream<WireMessage>;
}

export interface GrpcClient {
  /** tamma.provider.v1.IAIProvider, by method: `SendMessage`. */
  readonly provider: RpcClient;
  /** tamma.provider.v1.IAIUsageProvider. */
  readonly usage: RpcClient;
  /** tamma.provider.v1.IAIBatchProvider. */
  readonly batch: RpcClient;
  /** grpc.health.v1.Health. */
  readonly health: RpcClient;
  close(): void;
}

const packages = loadSync(
  [
    'tamma/provider/v1/provider.proto',
    'tamma/provider/v1/usage_provider.proto',
    'tamma/provider/v1/batch_provider.proto',
    'google/rpc/error_details.proto',
    'google/rpc/status.proto',
    'grpc/health/v1/health.proto',
  ],
  {
    includeDirs: ['proto', 'third_party'],
    enums: String,
    longs: Number,
    oneofs: true,
    defaults: true,
  },
);

/**
 * @param address as the server reports it: `127.0.0.1:50051`, `unix:/path`.
 * @param options of the channel: `{ 'grpc.max_receive_message_length': -1 }`.
 * @param security default: none.
 */
export function connect(
  address: string,
  options: ClientOptions = {},
  security: ChannelCredentials = credentials.createInsecure(),
): GrpcClient {
  const open = (name: string) => openService(name, address, options, security);
  const provider = open('tamma.provider.v1.IAIProvider');
  const usage = open('tamma.provider.v1.IAIUsageProvider');
  const batch = open('tamma.provider.v1.IAIBatchProvider');
  const health = open('grpc.health.v1.Health');
  return {
    provider: provider.rpcs,
    usage: usage.rpcs,
    batch: batch.rpcs,
    health: health.rpcs,
    close() {
      provider.client.close();
      usage.client.close();
      batch.client.close();
      health.client.close();
    },
  };
}

/** What a stream brought until it ended. */
export interface Collected {
  readonly messages: readonly WireMessage[];
  readonly status: StatusObject;
}

/** Reads a stream to its end, whether that is good or bad. */
export function collect(stream: ClientReadableStream<WireMessage>): Promise<Collected> {
  const messages: WireMessage[] = [];
  stream.on('data', (message: WireMessage) => messages.push(message));
  // The status brings the same and comes for good ends too.
  stream.on('error', () => {});
  return new Promise((resolve) => {
    stream.on('status', (result: StatusObject) => resolve({ messages, status: result }));
  });
}

/** Resolves to the next message of a stream, which flows from then on. */
export function nextMessage(stream: ClientReadableStream<WireMessage>): Promise<WireMessage> {
  return new Promise((resolve, reject) => {
    stream.once('data', resolve);
    stream.once('error', reject);
  });
}

/** The error a call fails with; throws if it succeeds. */
export async function failureOf(call: Promise<unknown>): Promise<ServiceError> {
  const outcome = await call.then(
    () => undefined,
    (error: ServiceError) => error,
  );
  if (outcome === undefined) throw new Error('the call succeeded');
  return outcome;
}

/** A decoded detail; `@type` is its full name: `google.rpc.ErrorInfo`. */
export interface StatusDetail extends WireMessage {
  readonly '@type': string;
}

/** The details in `grpc-status-details-bin`, in their order; empty if there are none. */
export function statusDetails({ metadata }: { readonly metadata: Metadata }): StatusDetail[] {
  const [trailer] = metadata.get('grpc-status-details-bin');
  return Buffer.isBuffer(trailer) ? detailsIn(trailer) : [];
}

/** @param status a google.rpc.Status, encoded */
export function detailsIn(status: Buffer): StatusDetail[] {
  const { details } = decode('google.rpc.Status', status) as {
    readonly details: readonly { readonly type_url: string; readonly value: Buffer }[];
  };
  return details.map((detail) => {
    const type = detail.type_url.replace(/^.*\//, '');
    return { '@type': type, ...decode(type, detail.value) };
  });
}

/** One detail of an error by its full name; throws if it is not there. */
export function statusDetail(error: { readonly metadata: Metadata }, type: string): StatusDetail {
  const detail = statusDetails(error).find((candidate) => candidate['@type'] === type);
  if (detail === undefined) throw new Error(`no ${type} among the details`);
  return detail;
}

/** `OK`, `UNAVAILABLE`, … */
export function codeName({ code }: { readonly code: number }): string {
  return status[code] ?? String(code);
}

function decode(type: string, bytes: Buffer): WireMessage {
  const definition = packages[type] as MessageTypeDefinition<object, object>;
  return definition.deserialize(bytes) as WireMessage;
}

function openService(
  name: string,
  address: string,
  options: ClientOptions,
  security: ChannelCredentials,
): { client: Client; rpcs: RpcClient } {
  const definition = packages[name] as ServiceDefinition;
  // A proxy of the environment cannot reach this machine's loopback.
  const client = new Client(address, security, {
    'grpc.enable_http_proxy': 0,
    ...options,
  });

  function method(called: string) {
    const found = definition[called];
    if (found === undefined) throw new Error(`${name} has no ${called}`);
    return found;
  }

  return {
    client,
    rpcs: {
      unary(called, request = {}, settings = {}) {
        const { path, requestSerialize, responseDeserialize } = method(called);
        return new Promise((resolve, reject) => {
          const call = client.makeUnaryRequest(
            path,
            requestSerialize,
            responseDeserialize,
            request,
            toMetadata(settings),
            toOptions(settings),
            (error, response) => {
              if (error === null) resolve(response as WireMessage);
              else reject(error);
            },
          );
          cancelWith(call, settings.signal);
        });
      },
      upload(called, requests, settings = {}) {
        const { path, requestSerialize, responseDeserialize } = method(called);
        return new Promise((resolve, reject) => {
          const call = client.makeClientStreamRequest(
            path,
            requestSerialize,
            responseDeserialize,
            toMetadata(settings),
            toOptions(settings),
            (error, response) => {
              if (error === null) resolve(response as WireMessage);
              else reject(error);
            },
          );
          cancelWith(call, settings.signal);
          Readable.from(requests).pipe(call as unknown as Writable);
        });
      },
      stream(called, request = {}, settings = {}) {
        const { path, requestSerialize, responseDeserialize } = method(called);
        const call = client.makeServerStreamRequest(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          toMetadata(settings),
          toOptions(settings),
        );
        cancelWith(call, settings.signal);
        return call as ClientReadableStream<WireMessage>;
      },
    },
  };
}

function toMetadata({ metadata = {}, waitForReady = false }: CallSettings): Metadata {
  const converted = new Metadata({ waitForReady });
  for (const [key, value] of Object.entries(metadata)) converted.set(key, value);
  return converted;
}

function toOptions({ deadline }: CallSettings): { deadline?: number } {
  return deadline === undefined ? {} : { deadline };
}

function cancelWith(
  call: ClientUnaryCall | ClientReadableStream<object>,
  signal: AbortSignal | undefined,
): void {
  if (signal?.aborted) call.cancel();
  signal?.addEventListener('abort', () => call.cancel(), { once: true });
}
