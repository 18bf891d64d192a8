import fc from 'fast-check';
import type { Image } from '../../src/gen/tamma/provider/v1/message.ts';
import { anyText } from './texts.ts';

/** A picture of one pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

const DETAILS = [0, 1, 2, 3] as const;

const data = (bytes: Buffer): Image['source'] => ({ $case: 'data', value: bytes });
const uri = (value: string): Image['source'] => ({ $case: 'uri', value });

export const goodImage: fc.Arbitrary<Image> = fc
  .tuple(
    fc.constantFrom<readonly [Image['source'], string]>(
      [data(PNG), 'image/png'],
      [uri('https://example.com/picture.png?size=1'), ''],
      [uri(`data:image/png;base64,${PNG.toString('base64')}`), ''],
    ),
    fc.constantFrom(...DETAILS),
  )
  .map(([[source, mediaType], detail]) => ({ source, mediaType, detail }));

const URIS = [
  '',
  'http://example.com/a.png',
  'https://',
  'https://exa mple.com/',
  'file:///etc/passwd',
  'data:image/png;base64,',
  'data:image/png;base64,%%%%',
  'data:image/png;base64,AAAA\n',
  'data:image/svg+xml;base64,AAAA',
  'data:text/plain;base64,AAAA',
  'data:image/png,AAAA',
  'DATA:IMAGE/PNG;BASE64,AAAA',
  'data:image/png;charset=utf-8;base64,AAAA',
] as const;

export const anyImage: fc.Arbitrary<Image> = fc.oneof(
  goodImage,
  fc.record({
    source: fc.oneof(
      fc.constant(undefined),
      fc.constantFrom(...URIS).map(uri),
      anyText.map(uri),
      fc.uint8Array({ maxLength: 64 }).map((bytes) => data(Buffer.from(bytes))),
    ),
    mediaType: fc.constantFrom('', 'image/png', 'image/bmp', 'IMAGE/PNG', 'text/plain'),
    detail: fc.constantFrom(...DETAILS),
  }),
);
