export interface ImageSize {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
}

/**
 * The size that the header of a PNG, GIF, WebP or JPEG file states, undefined for everything else.
 * `bytes` may be the beginning of the file: 30 bytes are enough, except for a JPEG with a
 * photographer's data in front of the picture.
 */
export function imageSize(bytes: Uint8Array): ImageSize | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = pngSize(view) ?? gifSize(view) ?? webpSize(view) ?? jpegSize(view);
  return size !== undefined && size.width > 0 && size.height > 0 ? size : undefined;
}

/** https://www.w3.org/TR/png-3/#11IHDR */
function pngSize(view: DataView): ImageSize | undefined {
  if (view.byteLength < 24 || !startsWith(view, 0, '\x89PNG\r\n\x1a\n')) return undefined;
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

/** https://www.w3.org/Graphics/GIF/spec-gif89a.txt, section 18 */
function gifSize(view: DataView): ImageSize | undefined {
  if (view.byteLength < 10 || !startsWith(view, 0, 'GIF8')) return undefined;
  return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
}

/** RFC 9649: the first chunk tells which of three encodings follows. */
function webpSize(view: DataView): ImageSize | undefined {
  if (view.byteLength < 30 || !startsWith(view, 0, 'RIFF') || !startsWith(view, 8, 'WEBP')) {
    return undefined;
  }
  if (startsWith(view, 12, 'VP8 ')) {
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  }
  if (startsWith(view, 12, 'VP8L')) {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (startsWith(view, 12, 'VP8X')) {
    return { width: uint24(view, 24) + 1, height: uint24(view, 27) + 1 };
  }
  return undefined;
}

/** ITU-T T.81, annex B: walks over the segments to the frame header (SOF). */
function jpegSize(view: DataView): ImageSize | undefined {
  if (view.byteLength < 2 || view.getUint16(0) !== 0xffd8) return undefined;
  let offset = 2;
  while (offset + 9 <= view.byteLength && view.getUint8(offset) === 0xff) {
    const marker = view.getUint8(offset + 1);
    if (isFrameHeader(marker)) {
      return { width: view.getUint16(offset + 7), height: view.getUint16(offset + 5) };
    }
    // Any number of 0xff may stand before a marker; else its segment is skipped.
    offset += marker === 0xff ? 1 : 2 + view.getUint16(offset + 2);
  }
  return undefined;
}

/** SOF0 to SOF15, among which DHT, JPG and DAC have their places. */
function isFrameHeader(marker: number): boolean {
  const isOther = marker === 0xc4 || marker === 0xc8 || marker === 0xcc;
  return marker >= 0xc0 && marker <= 0xcf && !isOther;
}

function uint24(view: DataView, offset: number): number {
  return view.getUint16(offset, true) + view.getUint8(offset + 2) * 0x10000;
}

function startsWith(view: DataView, offset: number, ascii: string): boolean {
  for (let index = 0; index < ascii.length; index++) {
    if (view.getUint8(offset + index) !== ascii.charCodeAt(index)) return false;
  }
  return true;
}
