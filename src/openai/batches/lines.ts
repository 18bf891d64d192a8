import { ProviderError } from '../../core/errors.ts';
import { LoopTurns } from '../../core/loop-turns.ts';
import { ByteBuffer } from '../http/byte-buffer.ts';

const LF = 0x0a;

/** A line that is so many times as long as one may be belongs to no file of lines. */
const ENDLESS = 10;

/** Of a file, empty ones included: twenty times as many as any server takes requests in one. */
const MAX_LINES = 1_000_000;

/** A line that is longer than one may be counts for so many. */
const LONG_LINE = 10_000;

/**
 * Characters of lines that are read in one turn of the event loop, of all files together, each with some more for
 * what is made of it.
 */
const turns = new LoopTurns(256 * 1024);
const LINE_CHARACTERS = 256;

/** The lines of a file, empty ones left out; undefined for one that is longer than so many bytes. */
export async function* linesOf(
  file: AsyncIterable<Buffer>,
  maxBytes: number,
): AsyncGenerator<string | undefined> {
  const line = new Line(maxBytes);
  let lines = 0;
  for await (const chunk of file) {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      line.append(chunk, start, end);
      start = end + 1;
      const text = line.take();
      lines += text === undefined ? LONG_LINE : 1;
      if (lines > MAX_LINES) throw endless();
      if (text === '') continue;
      await itsTurn((text?.length ?? 0) + LINE_CHARACTERS);
      yield text;
    }
    line.append(chunk, start, chunk.length);
  }
  const last = line.take();
  if (last !== '') yield last;
}

async function itsTurn(characters: number): Promise<void> {
  while (!turns.take(characters)) await new Promise<void>((resolve) => turns.wait(resolve));
}

/** A line as it comes. */
class Line {
  readonly #maxBytes: number;
  readonly #bytes = new ByteBuffer();
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @throws ProviderError if it has no end */
  append(chunk: Buffer, start: number, end: number): void {
    this.#length += end - start;
    if (this.#length > ENDLESS * this.#maxBytes) throw endless();
    if (this.#length > this.#maxBytes) this.#bytes.take();
    else this.#bytes.append(chunk, start, end);
  }

  /** Without white space around it, which a mark at the start of a file counts as, too. */
  take(): string | undefined {
    if (this.#length === 0) return '';
    const isTooLong = this.#length > this.#maxBytes;
    this.#length = 0;
    const text = this.#bytes.take().toString('utf8').trim();
    return isTooLong ? undefined : text;
  }
}

function endless(): ProviderError {
  return new ProviderError('SERVICE_UNAVAILABLE', {
    message: 'The upstream sent a file with a line that is too long, or with too many lines.',
    unreadable: true,
  });
}
