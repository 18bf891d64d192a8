import type { FilePart } from '../../core/message.ts';

/** The bytes of a file as both APIs take them. */
export function dataUrl(data: Uint8Array, mediaType: string): string {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return `data:${mediaType};base64,${bytes.toString('base64')}`;
}

/** Where the file of a part is, in the fields that both APIs share. */
export function fileSource({ data, name = '', mediaType = '', fileId }: FilePart) {
  if (data !== undefined) return { filename: name, file_data: dataUrl(data, mediaType) };
  return fileId === undefined ? {} : { file_id: fileId };
}
