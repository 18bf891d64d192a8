import type {
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
} from '@grpc/grpc-js';
import { callStream } from '../listener/call-stream.ts';
import { byteStreamOf, MessageStream, type StreamingCall } from '../output/message-stream.ts';
import { type RpcCall, type RpcDeps, RpcLifecycle, type RpcOptions } from './lifecycle.ts';
import type { RawRequest } from './raw-service.ts';
import { type Method, readRequest } from './read-request.ts';
import { type RequestShape, requestShape } from './request-shape.ts';
import { requestStream } from './request-stream.ts';
import { RequestTurns } from './request-turns.ts';

interface Asked<Request> {
  readonly method: Pick<Method<Request, never>, 'requestDeserialize'>;
  readonly shape: RequestShape;
}

/** Of all callers of this thread together. */
const turns = new RequestTurns();

/**
 * The request of a call, at once if it is small, else when it is its turn.
 *
 * @throws what ended the call meanwhile, and what is wrong with the request
 */
function take<Request>(
  call: { readonly request: RawRequest },
  { method, shape }: Asked<Request>,
  { signal }: RpcCall,
): Request | Promise<Request> {
  const bytes = call.request.take();
  const read = (): Request => {
    signal.throwIfAborted();
    return readRequest(method, shape, bytes);
  };
  const turn = turns.wait(callStream(call)?.session ?? call, bytes.length);
  return turn === undefined ? read() : turn.then(read);
}

/**
 * Makes gRPC handlers of plain functions, one method for each shape of an RPC.
 *
 * The handlers take and give bytes (see `rawService`): a request that cannot be read and an answer
 * that cannot be written then fail like anything else, which grpc-js would deal with unseen.
 */
export class Rpcs {
  readonly #lifecycle: RpcLifecycle;
  readonly #deps: Pick<RpcDeps, 'clock' | 'stallMs'>;

  constructor(deps: RpcDeps) {
    this.#lifecycle = new RpcLifecycle(deps);
    this.#deps = deps;
  }

  unary<Request, Response>(
    method: Method<Request, Response>,
    options: RpcOptions,
    run: (request: Request, rpc: RpcCall) => Promise<Response> | Response,
  ): handleUnaryCall<RawRequest, Buffer> {
    const shape = requestShape(method.path);
    const name = method.path.slice(1);
    return (call, callback) => {
      void this.#lifecycle.run({
        method: name,
        call,
        options,
        async answer(rpc) {
          const response = await run(await take(call, { method, shape }, rpc), rpc);
          rpc.signal.throwIfAborted();
          callback(null, method.responseSerialize(response));
        },
        fail: callback,
        lastSequence: () => 0,
      });
    };
  }

  /** The messages are read as they are asked for; one that cannot be read ends the call. */
  clientStreaming<Request, Response>(
    method: Method<Request, Response>,
    options: RpcOptions,
    run: (requests: AsyncIterable<Request>, rpc: RpcCall) => Promise<Response>,
  ): handleClientStreamingCall<Buffer, Buffer> {
    const shape = requestShape(method.path);
    const name = method.path.slice(1);
    return (call, callback) => {
      void this.#lifecycle.run({
        method: name,
        call,
        options,
        async answer(rpc) {
          const read = (bytes: Buffer) => readRequest(method, shape, bytes);
          const response = await run(requestStream(call, read, rpc.signal), rpc);
          rpc.signal.throwIfAborted();
          callback(null, method.responseSerialize(response));
        },
        fail: callback,
        lastSequence: () => 0,
      });
    };
  }

  serverStreaming<Request, Response>(
    method: Method<Request, Response>,
    options: RpcOptions,
    run: (request: Request, stream: MessageStream<Response>, rpc: RpcCall) => Promise<void>,
  ): handleServerStreamingCall<RawRequest, Buffer> {
    const shape = requestShape(method.path);
    const name = method.path.slice(1);
    const { clock, stallMs } = this.#deps;
    return (call) => {
      let stream: MessageStream<Response> | undefined;
      void this.#lifecycle.run({
        method: name,
        call,
        options,
        async answer(rpc) {
          const stall = { clock, ms: stallMs, abort: rpc.abort };
          stream = new MessageStream(
            byteStreamOf(call as StreamingCall),
            method.responseSerialize,
            rpc.signal,
            stall,
          );
          await run(await take(call, { method, shape }, rpc), stream, rpc);
          call.end();
        },
        fail(reply) {
          // Not destroy(), after which the caller would wait for ever.
          call.emit('error', reply);
        },
        lastSequence: () => stream?.sent ?? 0,
      });
    };
  }
}
