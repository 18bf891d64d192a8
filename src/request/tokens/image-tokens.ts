import type { ImagePart, MessageRequest } from '../../core/message.ts';
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

/** Models that count tiles, whose detail matters. All others may count patches. */
const TILED_MODEL = /^(?:ft:)?(?:gpt-4o|gpt-4-turbo|gpt-4\.1(?!-mini|-nano)|gpt-4\.5|o1|o3)/;
/** A side of 2,048 pixels beside one of 768. */
const MOST_TILES = 8;

/**
 * Patches of an image, and the tokens of one: the most that OpenAI documents for any model. Smaller models
 * were measured to cost less (community.openai.com/t/1377015), and take `low` for `high`.
 */
const PATCH_PX = 32;
const MOST_PATCHES = 10_000;
const MOST_PATCHES_HIGH = 2_500;
const PER_PATCH = 2.46;

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

/**
 * What an image can cost at most, whichever rule its model counts by: reservations are made for it. Tiles
 * or, at models since GPT-4.1 mini, patches, and of an image whose size is not known as many as there
 * can be. Never less than `imageTokens`.
 */
export function imageTokensAtMost(model: string, image: ImagePart): number {
  const { base, perTile } = MINI_MODEL.test(model) ? MINI_PRICE : PRICE;
  if (TILED_MODEL.test(model) && image.detail === 'low') return base;
  const size = sizeOf(image);
  const tiled = base + perTile * (size === undefined ? MOST_TILES : tiles(size));
  return TILED_MODEL.test(model) ? tiled : Math.max(tiled, patchTokens(image, size));
}

/** What images can cost beyond what is counted for them. */
export function imageSlack(model: string, { messages }: Pick<MessageRequest, 'messages'>): number {
  let slack = 0;
  for (const { content } of messages) {
    if (typeof content === 'string') continue;
    for (const part of content) {
      if (part.type !== 'image') continue;
      slack += imageTokensAtMost(model, part) - imageTokens(model, part);
    }
  }
  return slack;
}

function patchTokens({ detail }: ImagePart, size: ImageSize | undefined): number {
  const most = detail === 'high' || detail === 'low' ? MOST_PATCHES_HIGH : MOST_PATCHES;
  const patches = size && Math.ceil(size.width / PATCH_PX) * Math.ceil(size.height / PATCH_PX);
  return Math.ceil(PER_PATCH * Math.min(most, patches ?? most));
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
