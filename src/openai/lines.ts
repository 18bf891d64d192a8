import { ProviderError } from '../core/errors.ts';
import { ByteBuffer } from './byte-buffer.ts';

const LF = 0x0a;

/** The lines of a file, empty ones left out. Rejects if one is longer than so many bytes. */
export async function* linesOf(
  file: AsyncIterable<Buffer>,
  maxBytes: number,
): AsyncGenerator<string> {
  const rest = new ByteBuffer();
  const append = (chunk: Buffer, start: number, end: number) => {
    if (rest.length + end - start > maxBytes) throw tooLong();
    rest.append(chunk, start, end);
  };
  for await (const chunk of file) {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      append(chunk, start, end);
      start = end + 1;
      const line = rest.take().toString('utf8').trim();
      if (line !== '') yield line;
    }
    append(chunk, start, chunk.length);
  }
  const last = rest.take().toString('utf8').trim();
  if (last !== '') yield last;
}

function tooLong(): ProviderError {
  return new ProviderError('SERVICE_UNAVAILABLE', {
    message: 'The upstream sent a file with a line that is too long.',
    unreadable: true,
  });
}
