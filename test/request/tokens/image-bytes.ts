/** Headers of image files, and no picture. */

function bytes(...parts: (string | readonly number[])[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'string' ? [...Buffer.from(part, 'latin1')] : part)),
  );
}

const big16 = (value: number) => [value >>> 8, value & 0xff];
const little16 = (value: number) => [value & 0xff, value >>> 8];
const little24 = (value: number) => [...little16(value & 0xffff), value >>> 16];
const zeros = (count: number) => new Array<number>(count).fill(0);

export function png(width: number, height: number): Uint8Array {
  return bytes('\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0', big16(width), '\0\0', big16(height));
}

export function gif(width: number, height: number): Uint8Array {
  return bytes('GIF89a', little16(width), little16(height));
}

/** Lossy. The two upper bits of each side are a scale, which does not change the size. */
export function webpVp8(width: number, height: number): Uint8Array {
  const size = [...little16(width | 0x4000), ...little16(height | 0x8000)];
  return bytes('RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a', size);
}

/** Lossless. */
export function webpVp8l(width: number, height: number): Uint8Array {
  const bits = (width - 1) | ((height - 1) << 14);
  const size = [...little16(bits & 0xffff), ...little16(bits >>> 16)];
  return bytes('RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f', size, zeros(5));
}

/** Extended: with transparency, animation or metadata. */
export function webpVp8x(width: number, height: number): Uint8Array {
  const size = [...little24(width - 1), ...little24(height - 1)];
  return bytes('RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0', size);
}

/**
 * @param before bytes of metadata in front of the picture
 * @param frame marker of the frame header: 0xc0 baseline, 0xc2 progressive
 */
export function jpeg(width: number, height: number, before = 16, frame = 0xc0): Uint8Array {
  const exif = ['\xff\xe1', big16(before + 2), zeros(before)];
  const huffman = ['\xff\xff\xc4', big16(4), zeros(2)];
  const header = ['\xff', [frame], big16(17), '\x08', big16(height), big16(width)];
  return bytes('\xff\xd8', ...exif, ...huffman, ...header);
}
