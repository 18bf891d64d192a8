import type {
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
} from '@grpc/grpc-js';
import { callStream } from './listener/call-stream.ts';
import { byteStreamOf, MessageStream } from './message-stream.ts';
import type { RawRequest } from './raw-service.ts';
import { type Method, readRequest } from './read-request.ts';
import { requestShape } from './request-shape.ts';
import { requestStream } from './request-stream.ts';
import { RequestTurns, SMALL_REQUEST_BYTES } from './request-turns.ts';
import { type RpcCall, type RpcDeps, RpcLifecycle, type RpcOptions } from './rpc-lifecycle.ts';

/** Of all callers of this thread together. */
const turns = new RequestTurns();

/** Undefined if the request of a call can be read now, else resolves when it can. */
function turnOf(call: object, bytes: Buffer): Promise<void> | undefined {
  if (bytes.length <= SMALL_REQUEST_BYTES) return undefined;
  return turns.wait(callStream(call)?.session ?? call, bytes.length);
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
    return (call, callback) => {
      void this.#lifecycle.run({
        method: method.path.slice(1),
        call,
        options,
        async answer(rpc) {
          const bytes = call.request.take();
          const turn = turnOf(call, bytes);
          if (turn !== undefined) await turn;
          rpc.signal.throwIfAborted();
          const response = await run(readRequest(method, shape, bytes), rpc);
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
    return (call, callback) => {
      void this.#lifecycle.run({
        method: method.path.slice(1),
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
    const { clock, stallMs } = this.#deps;
    return (call) => {
      let stream: MessageStream<Response> | undefined;
      void this.#lifecycle.run({
        method: method.path.slice(1),
        call,
        options,
        async answer(rpc) {
          const stall = { clock, ms: stallMs, abort: rpc.abort };
          stream = new MessageStream(
            byteStreamOf(call),
            method.responseSerialize,
            rpc.signal,
            stall,
          );
          const bytes = call.request.take();
          const turn = turnOf(call, bytes);
          if (turn !== undefined) await turn;
          rpc.signal.throwIfAborted();
          await run(readRequest(method, shape, bytes), stream, rpc);
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
