import { describe, expect, it } from '@jest/globals';
import type { ContentPart } from '../../../src/core/message.ts';
import { inMessages, inParts, LONE_SURROGATE } from './refusals.ts';

describe('images', () => {
  const data = Uint8Array.of(1);
  const image = 'request.messages[0].parts[0].image';

  it.each<[string, Omit<ContentPart & { type: 'image' }, 'type'>, string[]]>([
    ['no source', {}, [image]],
    ['two sources', { data, mediaType: 'image/png', uri: 'https://a.b/c' }, [image]],
    ['no bytes', { data: new Uint8Array(), mediaType: 'image/png' }, [`${image}.data`]],
    [
      'more than 20 MiB',
      { data: new Uint8Array(20 * 1024 * 1024 + 1), mediaType: 'image/png' },
      [`${image}.data`],
    ],
    ['no media type', { data }, [`${image}.media_type`]],
    ['another media type', { data, mediaType: 'image/svg+xml' }, [`${image}.media_type`]],
    [
      'a media type beside a URI',
      { uri: 'https://a.b/c', mediaType: 'image/png' },
      [`${image}.media_type`],
    ],
    ['a broken http URI', { uri: 'http://' }, [`${image}.uri`]],
    ['a file URI', { uri: 'file:///etc/passwd' }, [`${image}.uri`]],
    ['no URI', { uri: '' }, [`${image}.uri`]],
    ['a broken URI', { uri: 'https://' }, [`${image}.uri`]],
    ['a URI that is not well-formed', { uri: `https://a.b/${LONE_SURROGATE}` }, [`${image}.uri`]],
    ['a data URI without base64', { uri: 'data:image/png,abc' }, [`${image}.uri`]],
    ['a data URI without data', { uri: 'data:image/png;base64,' }, [`${image}.uri`]],
    ['a data URI without a comma', { uri: 'data:image/png;base64' }, [`${image}.uri`]],
    [
      'a data URI of more than 20 MiB',
      { uri: `data:image/png;base64,${'A'.repeat(28 * 1024 * 1024)}` },
      [`${image}.uri`],
    ],
    ['an unknown detail', { uri: 'https://a.b/c', detail: 'max' as 'high' }, [`${image}.detail`]],
  ])('are refused with %s', (_, fields, expected) => {
    expect(inParts({ type: 'image', ...fields })).toEqual(expected);
  });

  it('are refused outside user messages', () => {
    const content = [{ type: 'image', uri: 'https://a.b/c' }] as const;
    expect(inMessages({ role: 'system', content })).toEqual([image]);
  });
});
