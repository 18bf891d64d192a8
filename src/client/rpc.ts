import {
  type Client,
  type ClientReadableStream,
  type ClientWritableStream,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import type { DeepPartial } from '../gen/tamma/provider/v1/provider.ts';

/** What a call is made with. */
export interface RpcOptions {
  /** Ends the call with CANCELLED. */
  readonly signal?: AbortSignal;
  /** From now, in ms, above 0; Infinity is none. Default: none; the sidecar applies its own (`timeout`, 10 min). */
  readonly timeoutMs?: number;
  /** Sent as metadata: `traceparent`, `authorization`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Eight digits of hours. */
const LONGEST_TIMEOUT_MS = 99_999_999 * 3_600_000;

interface Method<Q, R> {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestSerialize: (request: Q) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => R;
}

/** Fills in the fields of a message that are not named. */
export interface MessageType<Q> {
  fromPartial(request: DeepPartial<Q>): Q;
}

export type Unary<Q, R> = (request?: DeepPartial<Q>, options?: RpcOptions) => Promise<R>;

/** Ends with the call: normally if it ended OK, else by throwing its ServiceError. Leaving it cancels. */
export type ServerStream<Q, R> = (
  request?: DeepPartial<Q>,
  options?: RpcOptions,
) => AsyncIterable<R>;

type Requests<Q> = AsyncIterable<DeepPartial<Q>> | Iterable<DeepPartial<Q>>;

/** Sends messages as they come, as fast as the sidecar takes them. */
export type ClientStream<Q, R> = (requests: Requests<Q>, options?: RpcOptions) => Promise<R>;

export function unary<Q, R>(
  client: Client,
  method: Method<Q, R>,
  type: MessageType<Q>,
): Unary<Q, R> {
  return (request, options = {}) =>
    new Promise((resolve, reject) => {
      const { metadata, callOptions } = prepared(options);
      const call = client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        type.fromPartial(request ?? ({} as DeepPartial<Q>)),
        metadata,
        callOptions,
        (error: ServiceError | null, response?: R) =>
          response === undefined ? reject(error) : resolve(response),
      );
      cancelledBy(options.signal, call);
    });
}

export function serverStream<Q, R>(
  client: Client,
  method: Method<Q, R>,
  type: MessageType<Q>,
): ServerStream<Q, R> {
  return (request, options = {}) => {
    const { metadata, callOptions } = prepared(options);
    const call = client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      type.fromPartial(request ?? ({} as DeepPartial<Q>)),
      metadata,
      callOptions,
    );
    cancelledBy(options.signal, call);
    return readFrom(call);
  };
}

/**
 * grpc-js (1.14.7) tells a failure once, as an event: nobody there to hear it would end the process, and whoever begins
 * to read behind it would take what there is for a whole answer. A reader that leaves destroys the stream, which does
 * not end the call: it goes on, and costs.
 */
function readFrom<R>(call: ClientReadableStream<R>): AsyncIterable<R> {
  let failure: Error | undefined;
  let isOver = false;
  call.on('error', (error) => {
    failure = error;
  });
  call.once('status', () => {
    isOver = true;
  });
  async function* read() {
    yield* call;
    if (failure !== undefined) throw failure;
  }
  return {
    [Symbol.asyncIterator]() {
      const messages = read();
      // At once: what is being waited for may take as long as the upstream likes.
      const leave = (): void => {
        if (!isOver) cancelSoon(call);
      };
      return {
        next: () => messages.next(),
        return() {
          leave();
          return messages.return(undefined);
        },
        throw(error: unknown) {
          leave();
          return messages.throw(error);
        },
      };
    },
  };
}

export function clientStream<Q, R>(
  client: Client,
  method: Method<Q, R>,
  type: MessageType<Q>,
): ClientStream<Q, R> {
  return (requests, options = {}) =>
    new Promise((resolve, reject) => {
      const { metadata, callOptions } = prepared(options);
      const call = client.makeClientStreamRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        metadata,
        callOptions,
        (error: ServiceError | null, response?: R) =>
          response === undefined ? reject(error) : resolve(response),
      );
      cancelledBy(options.signal, call);
      // Not waited for: the call may end while the next request is still to come.
      sendAll(requests, call, type).catch((error: unknown) => {
        reject(error);
        call.cancel();
      });
    });
}

/** Ends early if the call does. Rejects if the requests cannot be had. */
async function sendAll<Q>(
  requests: Requests<Q>,
  call: ClientWritableStream<Q>,
  type: MessageType<Q>,
): Promise<void> {
  let isOver = false;
  let goOn = (): void => {};
  call.on('drain', () => goOn());
  call.once('status', () => {
    isOver = true;
    goOn();
  });
  for await (const request of requests) {
    if (isOver) return;
    if (call.write(type.fromPartial(request))) continue;
    await new Promise<void>((resolve) => {
      goOn = resolve;
    });
  }
  call.end();
}

function prepared({ timeoutMs, metadata: named = {} }: RpcOptions) {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(named)) metadata.set(key, value);
  return {
    metadata,
    callOptions: timeoutMs === undefined ? {} : { deadline: deadlineIn(timeoutMs) },
  };
}

/** What gRPC has no words for, as grpc-js (1.14.7) finds in the middle of a call, which then never ends. */
function deadlineIn(timeoutMs: number): number {
  if (Number.isNaN(timeoutMs)) throw new TypeError('timeoutMs is NaN');
  return timeoutMs < LONGEST_TIMEOUT_MS ? Date.now() + timeoutMs : Number.POSITIVE_INFINITY;
}

interface Cancellable {
  cancel(): void;
  once(event: 'status', listener: () => void): unknown;
}

function cancelledBy(signal: AbortSignal | undefined, call: Cancellable): void {
  if (signal === undefined) return;
  const cancel = (): void => cancelSoon(call);
  if (signal.aborted) cancel();
  else signal.addEventListener('abort', cancel, { once: true });
  call.once('status', () => signal.removeEventListener('abort', cancel));
}

/** In the turn in which a call begins grpc-js (1.14.7) ends it here alone, and the sidecar goes on. */
function cancelSoon(call: Pick<Cancellable, 'cancel'>): void {
  process.nextTick(() => call.cancel());
}
