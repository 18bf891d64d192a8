import type { ImagePart } from '../../core/message.ts';
import { dataUrl } from './file-data.ts';

/** Where the upstream finds an image: its own address, or a `data:` URL with the bytes in it. */
export function imageUrl({ data, mediaType = '', uri = '' }: ImagePart): string {
  return data === undefined ? uri : dataUrl(data, mediaType);
}
