import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { BatchUpload } from '../../core/upstream-batches.ts';

/** A body of multipart/form-data whose size is known before its file is read. */
export interface UploadBody {
  readonly headers: Readonly<Record<string, string>>;
  readonly content: Readable;
}

/** The form that uploads a file for a batch. The SDK's own would hold the file in memory. */
export function uploadBody({ name, size, content }: BatchUpload): UploadBody {
  const boundary = `tamma-${randomUUID()}`;
  const head = Buffer.from(
    [
      `--${boundary}`,
      'content-disposition: form-data; name="purpose"',
      '',
      'batch',
      `--${boundary}`,
      `content-disposition: form-data; name="file"; filename="${name}"`,
      // As the SDKs send it: Azure refuses a file without a type, and not every server knows JSON Lines.
      'content-type: application/octet-stream',
      '',
      '',
    ].join('\r\n'),
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  return {
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': String(head.length + size + tail.length),
    },
    content: Readable.from(joined(head, content, tail), { objectMode: false }),
  };
}

async function* joined(
  head: Uint8Array,
  content: AsyncIterable<Uint8Array>,
  tail: Uint8Array,
): AsyncGenerator<Uint8Array> {
  yield head;
  yield* content;
  yield tail;
}
