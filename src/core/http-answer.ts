import type { ClientRequest, IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

/**
 * Waits for the head of the answer to a request that was sent.
 *
 * @throws Error if none comes, or one of another protocol, at which Node.js closes the connection without a word
 */
export function answerTo(request: ClientRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request.on('error', reject);
  request.on('upgrade', (_, socket) => {
    socket.destroy();
    reject(new Error('it answers with another protocol'));
  });
  request.on('response', resolve);
  return promise;
}

/** @throws Error if the answer breaks off, or has more than `maxBytes` */
export function textOf(answer: IncomingMessage, maxBytes: number): Promise<string> {
  return text(Readable.from(limited(answer, maxBytes)));
}

async function* limited(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`it answers with more than ${maxBytes} bytes`);
    yield chunk;
  }
}
