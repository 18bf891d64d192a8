import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';

/** Holds what is registered with a stream until that is collected. */
const kept = new FinalizationRegistry<object>(() => {});

/**
 * Keeps the native part of a connection until that of this stream of it is collected. Where a caller says
 * headers again in the middle of a message, and goes away while something is written to it, the stream holds
 * memory of its connection to its own end; Node.js ends the process (`current_nghttp2_memory_ == 0`) if the
 * garbage collector takes the connection first.
 */
export function keepUntilCollected(session: ServerHttp2Session, stream: ServerHttp2Stream): void {
  const [connection, call] = [nativePartOf(session), nativePartOf(stream)];
  if (connection !== undefined && call !== undefined) kept.register(call, connection);
}

let handle: symbol | undefined;

function nativePartOf(of: object): object | undefined {
  handle ??= Object.getOwnPropertySymbols(of).find(({ description }) => description === 'kHandle');
  const native: unknown = handle && Reflect.get(of, handle);
  return typeof native === 'object' && native !== null ? native : undefined;
}
