import type { ImagePart } from '../../core/message.ts';
import { type ImageSize, imageSize } from './image-size.ts';

/** OpenAI's tile rule: https://platform.openai.com/docs/guides/images-vision#calculating-costs */
const TILE_PX = 512;
const FIT_INSIDE_PX = 2048;
const SHORT_SIDE_PX = 768;

interface ImagePrice {
  /** Tokens of any image; all of them with low detail. */
  readonly base: number;
  readonly perTile: number;
}

const PRICE: ImagePrice = { base: 85, perTile: 170 };
const MINI_PRICE: ImagePrice = { base: 2833, perTile: 5667 };
const MINI_MODEL = /^(?:ft:)?gpt-4o-mini/;

/** Assumed where the size cannot be known here: what is behind an https: URI is not fetched. */
const TYPICAL_SIZE: ImageSize = { width: 1024, height: 1024 };

/** Characters of a data: URI in which the size is looked for: 192 KiB of the file. */
const MAX_HEADER_LENGTH = 262_144;
const DATA_URI = /^data:[^,]{0,128};base64,/i;

/**
 * What an image costs, by the rule of GPT-4o. Newer models count somewhat differently, so it is an
 * estimate always. Detail `auto` and no detail are taken for `high`, the dearer.
 */
export function imageTokens(model: string, image: ImagePart): number {
  const { base, perTile } = MINI_MODEL.test(model) ? MINI_PRICE : PRICE;
  if (image.detail === 'low') return base;
  return base + perTile * tiles(sizeOf(image) ?? TYPICAL_SIZE);
}

function tiles({ width, height }: ImageSize): number {
  const fit = Math.min(1, FIT_INSIDE_PX / Math.max(width, height));
  const scale = Math.min(fit, SHORT_SIDE_PX / Math.min(width, height));
  return tilesAlong(width * scale) * tilesAlong(height * scale);
}

function tilesAlong(length: number): number {
  return Math.max(1, Math.ceil(Math.round(length) / TILE_PX));
}

function sizeOf({ data, uri = '' }: ImagePart): ImageSize | undefined {
  if (data !== undefined) return imageSize(data);
  const head = DATA_URI.exec(uri)?.[0];
  if (head === undefined) return undefined;
  return imageSize(Buffer.from(uri.slice(head.length, head.length + MAX_HEADER_LENGTH), 'base64'));
}
