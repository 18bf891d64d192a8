import { errorFields } from '../wire/wire.ts';
import { readForm } from './multipart.ts';
import type { Reply } from './reply.ts';

export interface StoredFile {
  readonly id: string;
  readonly filename: string;
  readonly purpose: string;
  readonly content: () => Iterable<string>;
  readonly bytes: number;
  /** Epoch ms. */
  readonly createdAt: number;
  /** When it says that it was made, in epoch ms. */
  readonly date: number;
}

const MAX_FILE_BYTES = 200 * 1024 * 1024;

/** The file of an upload, for whoever keeps it; or what is answered instead. */
export function readUpload(
  contentType: string,
  body: Buffer,
): { readonly name: string; readonly content: Buffer } | Reply {
  const form = readForm(contentType, body);
  if (form?.file === undefined || form.fields.purpose !== 'batch') {
    return [400, { error: errorFields(400, { message: 'a file and a purpose are required' }) }];
  }
  if (form.file.content.length > MAX_FILE_BYTES) {
    return [413, { error: errorFields(413, { message: 'the file is too large' }) }];
  }
  return form.file;
}

export function fileObject({ id, filename, purpose, bytes, date }: StoredFile): object {
  return {
    id,
    object: 'file',
    bytes,
    created_at: Math.floor(date / 1_000),
    filename,
    purpose,
    status: 'processed',
  };
}
