import { BaseServerInterceptingCall } from '@grpc/grpc-js/build/src/server-interceptors.js';
import type { SendingCall } from '../output/write-together.ts';

/** The part of a call of grpc-js that is used where calls arrive, much of it private to it. */
export interface LibraryCall extends SendingCall {
  readonly cancelled: boolean;
  readonly receivedHalfClose: boolean;
  readonly maxReceiveMessageSize: number;
  /** It keeps the pieces of a message until the next one begins, beside the message. */
  readonly decoder: { readonly readState: number; readPartialMessage: readonly Buffer[] };
  handleDataFrame(data: Buffer): void;
  startRead(): void;
  handleEndEvent(): void;
  decompressMessage(message: Buffer, encoding: string): Buffer | Promise<Buffer>;
}

/** The private methods that are replaced or called. */
const REPLACED =
  'handleDataFrame handleEndEvent startRead decompressMessage sendMessage maybeSendMetadata checkCancelled'.split(
    ' ',
  );

/** @throws Error if grpc-js has not the methods that are replaced or called */
export function checkLibrary(): void {
  for (const method of REPLACED) {
    if (typeof Reflect.get(BaseServerInterceptingCall.prototype, method) === 'function') continue;
    throw new Error(`grpc-js does not read requests as it used to: it has no ${method}.`);
  }
}
