import type { ServerHttp2Stream } from 'node:http2';

interface CallInside {
  readonly call?: { readonly stream?: ServerHttp2Stream };
  readonly stream?: ServerHttp2Stream;
}

/**
 * The HTTP/2 stream of a call as grpc-js gives it to a handler or an interceptor. Its types do not
 * tell of it; a test holds to that it is there. Undefined for anything else.
 */
export function callStream(call: object): ServerHttp2Stream | undefined {
  const { call: intercepting, stream } = call as CallInside;
  return intercepting?.stream ?? stream;
}
