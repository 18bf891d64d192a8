import { request } from 'node:https';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { readTextFile } from '../../core/read-file.ts';

export interface FetchOptions {
  /** Of the CA that vouches for the server. Absent: those that Node.js knows. Read for each request. */
  readonly caFile?: string | undefined;
  /** With a bearer token. Read for each request. */
  readonly tokenFile?: string | undefined;
}

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 1024 * 1024;

/**
 * What an https URL answers. Follows no redirect: a token would go to somebody else.
 *
 * @throws Error if it does not answer with 200 and at most 1 MiB within 5 s
 */
export async function fetchText(url: URL, options: FetchOptions): Promise<string> {
  const { caFile, tokenFile } = options;
  const ca = caFile === undefined ? undefined : await readTextFile(caFile);
  const token = tokenFile === undefined ? undefined : (await readTextFile(tokenFile)).trim();
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const asking = request(
    url,
    {
      signal,
      // One request in minutes is not worth a connection.
      agent: false,
      ...(ca === undefined ? {} : { ca }),
      headers: {
        accept: 'application/jwk-set+json, application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    },
    (response) => {
      if (response.statusCode !== 200) {
        response.destroy();
        reject(new Error(`it answers with the status ${response.statusCode}`));
        return;
      }
      text(Readable.from(limited(response))).then(resolve, reject);
    },
  );
  asking.on('error', reject);
  // Node.js closes it without a word.
  asking.on('upgrade', (_, socket) => {
    socket.destroy();
    reject(new Error('it answers with another protocol'));
  });
  asking.end();
  return promise;
}

async function* limited(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error(`it answers with more than ${MAX_BYTES} bytes`);
    yield chunk;
  }
}
