import { createGunzip, createInflate } from 'node:zlib';

/** Why a message was not decompressed. */
type Refused = 'corrupt' | 'too large' | 'no room';

/** What gRPC clients compress with, and this server takes. */
type Encoding = 'gzip' | 'deflate';

/**
 * Decompresses a message. What comes out is asked for piece by piece, so a message never takes more
 * memory than it was given.
 *
 * @param maxBytes of the message when it is decompressed
 * @param take whether there is room for so many more bytes
 */
export function decompress(
  compressed: Uint8Array,
  encoding: Encoding,
  maxBytes: number,
  take: (bytes: number) => boolean,
): Promise<Buffer | Refused> {
  const stream = encoding === 'gzip' ? createGunzip() : createInflate();
  const pieces: Buffer[] = [];
  let length = 0;
  const { promise, resolve } = Promise.withResolvers<Buffer | Refused>();
  function refuse(why: Refused): void {
    pieces.length = 0;
    stream.destroy();
    resolve(why);
  }
  stream.on('error', () => refuse('corrupt'));
  stream.on('data', (piece: Buffer) => {
    length += piece.length;
    if (length > maxBytes) refuse('too large');
    else if (take(piece.length)) pieces.push(piece);
    else refuse('no room');
  });
  stream.on('end', () => resolve(Buffer.concat(pieces)));
  stream.end(compressed);
  return promise;
}
