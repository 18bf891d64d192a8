import { request } from 'node:https';
import { answerTo, textOf } from '../../core/http-answer.ts';
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
  const answer = await answerTo(
    request(url, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      // One request in minutes is not worth a connection.
      agent: false,
      ...(ca === undefined ? {} : { ca }),
      headers: {
        accept: 'application/jwk-set+json, application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    }).end(),
  );
  if (answer.statusCode !== 200) {
    answer.destroy();
    throw new Error(`it answers with the status ${answer.statusCode}`);
  }
  return textOf(answer, MAX_BYTES);
}
