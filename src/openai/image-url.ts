import type { ImagePart } from '../core/message.ts';

/** Where the upstream finds an image: its own address, or a `data:` URL with the bytes in it. */
export function imageUrl({ data, mediaType = '', uri = '' }: ImagePart): string {
  if (data === undefined) return uri;
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return `data:${mediaType};base64,${bytes.toString('base64')}`;
}
