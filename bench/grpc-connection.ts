import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { MessageSplitter, type OnMessage } from './message-splitter.ts';

export interface GrpcCall {
  /**
   * The gRPC status code; -1 if the connection ended without one. After `cancel` it is 1 (CANCELLED)
   * unless the status had already come.
   */
  readonly status: Promise<number>;
  /** The google.rpc.Status that came with it, encoded; undefined if none did. */
  details(): Buffer | undefined;
  /** Resets the HTTP/2 stream, which is how a gRPC client cancels. */
  cancel(): void;
}

const { NGHTTP2_CANCEL } = constants;
const CANCELLED = 1;
const NO_STATUS = -1;

/** Larger than what a bench ever has under way, so that the client never holds the sidecar back. */
const WINDOW_BYTES = 16 * 1024 * 1024;

/** gRPC over bare HTTP/2: a full client would cost as much as what it measures. */
export class GrpcConnection {
  readonly #session: ClientHttp2Session;

  /** @param address `host:port` */
  constructor(address: string) {
    this.#session = connect(`http://${address}`, {
      settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
    });
    this.#session.once('connect', (session) => session.setLocalWindowSize(WINDOW_BYTES));
    // Every stream reports it as well.
    this.#session.on('error', () => {});
  }

  /**
   * @param path `/package.Service/Method`
   * @param request a message, encoded
   */
  call(path: string, request: Buffer, timeoutMs: number, onMessage: OnMessage): GrpcCall {
    const stream = this.#session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      'grpc-timeout': `${timeoutMs}m`,
    });
    const splitter = new MessageSplitter(onMessage);
    stream.on('data', (bytes: Buffer) => splitter.feed(bytes));
    stream.end(frame(request));
    return { ...endOf(stream), cancel: () => stream.close(NGHTTP2_CANCEL) };
  }

  close(): void {
    this.#session.destroy();
  }
}

function endOf(stream: ClientHttp2Stream): Pick<GrpcCall, 'status' | 'details'> {
  let status = NO_STATUS;
  let details: unknown;
  const read = (headers: Record<string, unknown>): void => {
    const value = headers['grpc-status'];
    if (value === undefined) return;
    status = Number(value);
    details = headers['grpc-status-details-bin'];
  };
  // An error is answered in the headers if nothing was sent before.
  stream.on('response', read);
  stream.on('trailers', read);
  stream.on('error', () => {});
  const ended = new Promise<number>((resolve) => {
    stream.once('close', () => {
      const cancelled = status === NO_STATUS && stream.rstCode === NGHTTP2_CANCEL;
      resolve(cancelled ? CANCELLED : status);
    });
  });
  return {
    status: ended,
    details: () => (typeof details === 'string' ? Buffer.from(details, 'base64') : undefined),
  };
}

function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
