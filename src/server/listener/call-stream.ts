import type { ServerHttp2Stream } from 'node:http2';

interface CallInside {
  call?: object & { readonly stream?: ServerHttp2Stream };
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

/** In the place of the inside of a call that is over. */
const OVER: object = {
  getDeadline: () => Number.POSITIVE_INFINITY,
  getPeer: () => 'unknown',
  startRead: ignore,
  sendMetadata: ignore,
  sendMessage: ignore,
  sendStatus: ignore,
};

/** A call of grpc-js, which emits `cancelled` when its stream has ended, however it has. */
export interface EndingCall {
  readonly cancelled: boolean;
  on(event: 'cancelled', listener: () => void): unknown;
}

/**
 * Has a call whose handler is done forget its inside at the end of its stream. Each is a stream of Node.js, which
 * makes a closure for it in the old generation of V8's heap; that keeps it, and what it knows of, until all of that
 * generation is looked through.
 */
export function forgetAtEnd(call: EndingCall): void {
  if (call.cancelled) forget.call(call as CallInside);
  else call.on('cancelled', forget);
}

function forget(this: CallInside): void {
  if (this.call !== undefined) this.call = OVER;
}

function ignore(): void {}
