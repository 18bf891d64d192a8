import type { Socket } from 'node:net';

/** Type, version and length of a record of TLS, in bytes. */
const HEADER_BYTES = 5;
const LENGTH_AT = 3;
/** The type of records that handshakes consist of. */
const HANDSHAKE = 22;
/** What a record may hold, in bytes; what says to hold more is none. */
const MOST_BYTES = 16 * 1024;

/**
 * Calls back once the first record of a connection is there, which is left to be read, or what cannot be one. Node.js answers it
 * as soon as it has read it, for all connections that it was read of in one go.
 */
export function whenGreeted(socket: Socket, begin: () => void): void {
  let wanted = HEADER_BYTES;
  const look = (): void => {
    let bytes: Buffer | null = socket.read(wanted);
    if (bytes !== null && wanted === HEADER_BYTES) {
      socket.unshift(bytes);
      wanted = wholeOf(bytes);
      bytes = socket.read(wanted);
    }
    if (bytes === null) return;
    socket.off('readable', look);
    socket.unshift(bytes);
    begin();
  };
  socket.on('readable', look);
}

/** Bytes of the record that begins so, or as many as there are. */
function wholeOf(header: Buffer): number {
  if (header.length < HEADER_BYTES || header[0] !== HANDSHAKE) return header.length;
  const length = header.readUInt16BE(LENGTH_AT);
  return length > MOST_BYTES ? header.length : HEADER_BYTES + length;
}
