import { describe, expect, it } from '@jest/globals';
import type { ImagePart } from '../../../src/core/message.ts';
import {
  imageSlack,
  imageTokens,
  imageTokensAtMost,
} from '../../../src/request/tokens/image-tokens.ts';
import { jpeg, png } from './image-bytes.ts';

function image(data: Uint8Array, detail?: ImagePart['detail']): ImagePart {
  return { type: 'image', data, ...(detail && { detail }) };
}

function dataUri(data: Uint8Array): ImagePart {
  return { type: 'image', uri: `data:image/png;base64,${Buffer.from(data).toString('base64')}` };
}

describe('imageTokens', () => {
  it.each([
    [1, 1, 255],
    [512, 512, 255],
    [513, 512, 425],
    [1024, 1024, 765],
    [2048, 4096, 1105],
    [4096, 2048, 1105],
    [8000, 100, 765],
  ])('counts the tiles of %i x %i pixels after scaling', (width, height, tokens) => {
    expect(imageTokens('gpt-4o', image(png(width, height)))).toBe(tokens);
    expect(imageTokens('gpt-4o', image(png(width, height), 'high'))).toBe(tokens);
    expect(imageTokens('gpt-4o', image(png(width, height), 'auto'))).toBe(tokens);
  });

  it('costs the base alone with low detail', () => {
    expect(imageTokens('gpt-4o', image(png(4096, 4096), 'low'))).toBe(85);
    expect(imageTokens('gpt-4o-mini', image(png(4096, 4096), 'low'))).toBe(2833);
  });

  it('knows the higher price of gpt-4o-mini', () => {
    expect(imageTokens('gpt-4o-mini-2024-07-18', image(png(512, 512)))).toBe(2833 + 5667);
    expect(imageTokens('ft:gpt-4o-mini:acme::abc', image(png(512, 512)))).toBe(2833 + 5667);
  });

  it('reads the size from a data URI, and only from its beginning', () => {
    expect(imageTokens('gpt-4o', dataUri(png(512, 512)))).toBe(255);
    expect(imageTokens('gpt-4o', dataUri(jpeg(512, 512, 60_000)))).toBe(255);
    const picture = new Uint8Array(1024 * 1024);
    picture.set(png(512, 512));
    expect(imageTokens('gpt-4o', dataUri(picture))).toBe(255);
  });

  it.each([
    ['is behind an https: URI', { type: 'image', uri: 'https://example.com/a.png' }],
    ['is not base64', { type: 'image', uri: 'data:image/svg+xml,<svg/>' }],
    ['has no readable header', image(Buffer.from('not an image'))],
    ['is missing', { type: 'image' }],
  ] as const)('assumes 1024 x 1024 pixels if the image %s', (_, part) => {
    expect(imageTokens('gpt-4o', part)).toBe(765);
  });
});

describe('imageTokensAtMost', () => {
  const UNSEEN: ImagePart = { type: 'image', uri: 'https://example.com/a.png' };

  it.each([
    ['gpt-4o', UNSEEN, 85 + 8 * 170],
    ['gpt-4o', { ...UNSEEN, detail: 'low' }, 85],
    ['gpt-4o', image(png(1024, 1024)), 765],
    ['gpt-4o-mini', UNSEEN, 2833 + 8 * 5667],
    ['gpt-4.1-nano', UNSEEN, 24_600],
    ['gpt-5-mini', { ...UNSEEN, detail: 'high' }, 6_150],
    ['gpt-6-sol', { ...UNSEEN, detail: 'low' }, 6_150],
    ['gpt-6-sol', { ...UNSEEN, detail: 'original' }, 24_600],
    ['gpt-6-sol', image(png(1024, 1024)), Math.ceil(2.46 * 1024)],
    ['gpt-6-sol', image(png(1, 1)), 255],
    ['llava', image(png(20_000, 20_000)), 24_600],
  ] as const)('of %s is never less than any rule counts', (model, part, tokens) => {
    expect(imageTokensAtMost(model, part)).toBe(tokens);
  });

  it('covers what was measured at models that count patches', () => {
    // community.openai.com/t/1377015 and 1344040: 1536 patches are the most, 1.2 or 1.5 tokens each.
    const largest = image(png(2048, 768));
    for (const model of ['gpt-5-mini', 'gpt-5-nano', 'gpt-5.4-mini']) {
      expect(imageTokensAtMost(model, largest)).toBeGreaterThan(2_304);
    }
  });

  it('differs from what is counted by the slack of a request', () => {
    const content = [{ type: 'text' as const, text: 'Look.' }, UNSEEN, UNSEEN];
    const messages = [
      { role: 'user' as const, content },
      { role: 'user' as const, content: 'Now.' },
    ];
    expect(imageSlack('gpt-4o', { messages })).toBe(2 * (1445 - 765));
    expect(imageSlack('gpt-4o', { messages: messages.slice(1) })).toBe(0);
  });
});
