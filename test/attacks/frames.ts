import { connect, type Socket } from 'node:net';

/** Frames of HTTP/2, for what no client would send. */
const TYPE = { data: 0, headers: 1, rstStream: 3, settings: 4 } as const;
const END_STREAM = 0x1;
const END_HEADERS = 0x4;
const CANCEL = 8;

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** What every connection of HTTP/2 begins with: its preface, and settings by their numbers. */
export function openingBytes(
  settings: readonly (readonly [id: number, value: number])[] = [],
): Buffer {
  const payload = Buffer.alloc(6 * settings.length);
  for (const [index, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, 6 * index);
    payload.writeUInt32BE(value, 6 * index + 2);
  }
  return Buffer.concat([PREFACE, frame(TYPE.settings, 0, 0, payload)]);
}

/** Opens a connection as HTTP/2 does, and reads and forgets whatever comes. */
export function openConnection(
  address: string,
  settings: readonly (readonly [id: number, value: number])[] = [],
): Socket {
  const [host = '', port = ''] = address.split(':');
  const socket = connect(Number(port), host);
  socket.on('error', () => {});
  socket.resume();
  socket.write(openingBytes(settings));
  return socket;
}

/** A gRPC call without its message. Streams of a client are 1, 3, 5 and so on. */
export function callHeaders(stream: number, path: string): Buffer {
  const fields = [
    Buffer.from([0x83, 0x86]), // :method POST, :scheme http
    Buffer.from([0x04]),
    text(path),
    Buffer.from([0x01]),
    text('localhost'),
    Buffer.from([0x00]),
    text('content-type'),
    text('application/grpc'),
    Buffer.from([0x00]),
    text('te'),
    text('trailers'),
  ];
  return frame(TYPE.headers, END_HEADERS, stream, Buffer.concat(fields));
}

/** Part of a message of a call, or all of it. */
export function data(stream: number, bytes: Uint8Array, last = false): Buffer {
  return frame(TYPE.data, last ? END_STREAM : 0, stream, bytes);
}

export function reset(stream: number): Buffer {
  return frame(TYPE.rstStream, 0, stream, Buffer.from([0, 0, 0, CANCEL]));
}

/** Any frame at all. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A text of HPACK, shorter than 127 bytes, as it is. */
function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
}
