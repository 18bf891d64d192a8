import type { IncomingHttpHeaders } from 'node:http';
import { Exchange, type ResponseListener } from './exchange.ts';
import { fromTransportError } from './map-error.ts';
import { TextReader } from './text-reader.ts';
import type { HttpRequest, Transport } from './transport.ts';

export interface TextResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Cut at the limit. */
  readonly text: string;
}

/** Sends a request and reads its response whole. Rejects with ProviderError or the signal's reason. */
export function readText(
  transport: Transport,
  request: HttpRequest,
  signal: AbortSignal,
  maxBytes: number,
): Promise<TextResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<TextResponse>();
  let status = 0;
  let headers: IncomingHttpHeaders = {};
  const body = new TextReader(maxBytes, (text) => {
    resolve({ status, headers, text });
    exchange.destroy();
  });
  const listener: ResponseListener = {
    onConnected: () => undefined,
    onHeaders: (...received) => {
      [status, headers] = received;
    },
    onData: (chunk) => body.data(chunk),
    onEnd: () => body.end(),
    onError: (error) => reject(fromTransportError(error, '')),
    onAbort: () => reject(signal.reason),
  };
  const exchange = new Exchange(signal, listener);
  transport.send(request, exchange);
  return promise;
}
