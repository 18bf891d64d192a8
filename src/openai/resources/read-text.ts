import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../../core/clock.ts';
import { fromTransportError } from '../errors/map-error.ts';
import { ErrorReader } from '../http/error-reader.ts';
import { Exchange, type ResponseListener } from '../http/exchange.ts';
import type { HttpRequest } from '../http/http-request.ts';
import { TextReader } from '../http/text-reader.ts';
import type { Transport } from '../http/transport.ts';

export interface TextResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Cut at the limit. */
  readonly text: string;
}

export interface TextRequest {
  readonly request: HttpRequest;
  /** As much of the body as is read, in bytes. */
  readonly maxBytes: number;
}

/** Sends a request and reads its response whole. Rejects with ProviderError or the signal's reason. */
export function readText(
  { request, maxBytes }: TextRequest,
  { transport, clock }: { readonly transport: Transport; readonly clock: Clock },
  signal: AbortSignal,
): Promise<TextResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<TextResponse>();
  let body: TextReader | ErrorReader | undefined;
  const stop = () => {
    if (body instanceof ErrorReader) body.stop();
  };
  const listener: ResponseListener = {
    onConnected: () => undefined,
    onHeaders: (status, headers) => {
      const take = (text: string) => {
        resolve({ status, headers, text });
        exchange.destroy();
      };
      body = status < 300 ? new TextReader(maxBytes, take) : new ErrorReader(headers, clock, take);
    },
    onData: (chunk) => body?.data(chunk),
    onEnd: () => body?.end(),
    onError: (error) => {
      stop();
      reject(fromTransportError(error, ''));
    },
    onAbort: () => {
      stop();
      reject(signal.reason);
    },
  };
  const exchange = new Exchange(signal, listener);
  transport.send(request, exchange);
  return promise;
}
