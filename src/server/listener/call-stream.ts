import type { ServerHttp2Stream } from 'node:http2';

/**
 * The HTTP/2 stream of a call as grpc-js gives it to a handler or an interceptor. Its types do not
 * tell of it; a test holds to that it is there. Undefined for anything else.
 */
export function callStream(call: object): ServerHttp2Stream | undefined {
  const intercepting: unknown = Reflect.get(call, 'call') ?? call;
  if (typeof intercepting !== 'object' || intercepting === null) return undefined;
  const stream: unknown = Reflect.get(intercepting, 'stream');
  return stream as ServerHttp2Stream | undefined;
}
