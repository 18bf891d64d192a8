import type { ServerHttp2Stream } from 'node:http2';

/** The part of a call of grpc-js that is used here, much of it private to it. */
export interface SendingCall {
  readonly stream: ServerHttp2Stream;
  checkCancelled(): boolean;
  maybeSendMetadata(): void;
  serializeMessage(message: unknown): Buffer;
  sendMessage(message: unknown, sent: () => void): void;
}

/**
 * Has the first message of an answer go out together with what follows it in the same turn of the event loop, the
 * status included, and later messages with those that have to wait anyway. grpc-js takes a message when the one before
 * has left: a turn, and a system call, for each.
 *
 * Takes messages as long as HTTP/2 has room for them.
 */
export function writeTogether(call: SendingCall): void {
  const { stream } = call;
  let isFirst = true;
  // Behind all that the microtasks of this turn do, which may be the whole answer.
  const uncorkBehind = (): void => process.nextTick(() => stream.uncork());
  call.sendMessage = (message, sent) => {
    if (call.checkCancelled()) return;
    call.maybeSendMetadata();
    if (isFirst) {
      isFirst = false;
      stream.cork();
      queueMicrotask(uncorkBehind);
    }
    if (stream.write(call.serializeMessage(message))) sent();
    else stream.once('drain', sent);
  };
}
