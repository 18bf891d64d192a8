import { gzipSync } from 'node:zlib';

/** A length-delimited protobuf field, such as a message within another. */
export function field(number: number, value: Uint8Array): Buffer {
  return Buffer.concat([varint((number << 3) | 2), varint(value.length), value]);
}

/** The same field many times, each time empty: two bytes, or three, that decode to an object. */
export function emptyFields(number: number, count: number): Buffer {
  const one = field(number, Buffer.alloc(0));
  return Buffer.alloc(count * one.length, one);
}

/** A gRPC message that is compressed with gzip, behind its prefix. */
export function gzipFrame(message: Uint8Array): Buffer {
  const compressed = gzipSync(message, { level: 9 });
  return Buffer.concat([prefix(1, compressed.length), compressed]);
}

/** The five bytes in front of a gRPC message. */
export function prefix(compressedFlag: 0 | 1, length: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = compressedFlag;
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return Buffer.from([...bytes, rest]);
}
