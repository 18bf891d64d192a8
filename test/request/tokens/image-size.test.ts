import { describe, expect, it } from '@jest/globals';
import { imageSize } from '../../../src/request/tokens/image-size.ts';
import { gif, jpeg, png, webpVp8, webpVp8l, webpVp8x } from './image-bytes.ts';

const FORMATS = [
  ['PNG', png],
  ['GIF', gif],
  ['lossy WebP', webpVp8],
  ['lossless WebP', webpVp8l],
  ['extended WebP', webpVp8x],
  ['JPEG', jpeg],
  ['progressive JPEG', (width, height) => jpeg(width, height, 300, 0xc2)],
] as const satisfies readonly (readonly [string, (width: number, height: number) => Uint8Array])[];

describe('imageSize', () => {
  it.each(FORMATS)('reads the size of a %s', (_, image) => {
    expect(imageSize(image(640, 301))).toEqual({ width: 640, height: 301 });
    expect(imageSize(image(9000, 16_000))).toEqual({ width: 9000, height: 16_000 });
  });

  it.each(FORMATS)('does not know the size of a %s that is cut off', (_, image) => {
    const whole = image(640, 301);
    for (let length = 0; length < whole.length; length++) {
      expect(imageSize(whole.subarray(0, length))).toBeUndefined();
    }
  });

  it('reads a view that does not begin where its buffer does', () => {
    const buffer = Buffer.concat([Buffer.from('xyz'), png(5, 6)]);
    expect(imageSize(buffer.subarray(3))).toEqual({ width: 5, height: 6 });
  });

  it('knows no size of other data, of an unknown WebP, and of a picture without an area', () => {
    expect(imageSize(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="5"/>'))).toBe(
      undefined,
    );
    expect(imageSize(Buffer.from(`RIFF0000WEBPVP9 ${'0'.repeat(20)}`))).toBeUndefined();
    expect(imageSize(png(0, 10))).toBeUndefined();
    expect(imageSize(gif(10, 0))).toBeUndefined();
  });

  it('gives up on a JPEG whose segments do not follow one another', () => {
    const broken = jpeg(640, 301);
    broken.fill(0, 22, 23);
    expect(imageSize(broken)).toBeUndefined();
  });

  it.each([0xc4, 0xc8, 0xcc])('takes JPEG marker %i for no frame header', (marker) => {
    expect(imageSize(jpeg(640, 301, 16, marker))).toBeUndefined();
  });
});
