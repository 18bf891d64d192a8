import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';

type Headers = Readonly<Record<string, string | string[]>>;

/** A gRPC client of bytes alone: it can send nonsense, and it reads only what it is told to. */
export class RawGrpc {
  readonly #session: ClientHttp2Session;

  /** @param address `127.0.0.1:50051`. */
  constructor(address: string) {
    // A header that has one value may come twice.
    const options: object = { strictSingleValueFields: false };
    this.#session = connect(`http://${address}`, options);
  }

  /** Calls a method with one message. The stream is paused: `resume` it to read. */
  call(path: string, message: Uint8Array, headers: Headers = {}): ClientHttp2Stream {
    const stream = this.open(path, headers);
    stream.end(frame(message));
    return stream;
  }

  /** Opens a call whose bytes, gRPC's prefixes included, are the caller's to write. Paused, too. */
  open(path: string, headers: Headers = {}): ClientHttp2Stream {
    const stream = this.#session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    stream.pause();
    return stream;
  }

  async close(): Promise<void> {
    if (this.#session.destroyed) return;
    this.#session.destroy();
    await once(this.#session, 'close');
  }
}

/** Reads a stream to its end and answers its grpc-status. */
export async function grpcStatus(stream: ClientHttp2Stream): Promise<number> {
  let code: unknown;
  stream.on('response', (headers) => {
    code ??= headers['grpc-status'];
  });
  stream.on('trailers', (trailers) => {
    code ??= trailers['grpc-status'];
  });
  stream.resume();
  await once(stream, 'close');
  return Number(code);
}

/** The message behind gRPC's prefix: not compressed, length. */
function frame(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
