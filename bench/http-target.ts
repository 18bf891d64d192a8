import { Agent, request } from 'node:http';
import { monotonicUs, STAMP_DIGITS } from '../test/support/upstream/index.ts';
import { stampAt } from './answer-reader.ts';
import type { Target, TargetOptions } from './target.ts';

const BODY = JSON.stringify({
  model: 'gpt-4o',
  stream: true,
  messages: [{ role: 'user', content: 'Which day is it?' }],
});

const BEFORE_STAMP = Buffer.from('"delta":{"content":"');

export interface HttpTargetOptions extends TargetOptions {
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The stub itself, or a gateway that is asked as the stub is. */
export function httpTarget(baseUrl: string, { tally, headers }: HttpTargetOptions): Target {
  const agent = new Agent({ keepAlive: true });
  const url = `${baseUrl}/chat/completions`;
  return {
    call: () =>
      new Promise((resolve) => {
        const startedAt = monotonicUs();
        let hasText = false;
        let ok = false;
        const sent = request(url, { agent, method: 'POST', headers }, (response) => {
          response.on('data', (bytes: Buffer) => {
            const now = monotonicUs();
            for (const stamp of stampsIn(bytes)) {
              if (!hasText) tally.firstTextCame(startedAt, now);
              hasText = true;
              tally.chunkCame(stamp, now);
            }
          });
          response.on('end', () => {
            ok = response.statusCode === 200;
          });
          response.on('error', () => {});
        });
        sent.on('error', () => {});
        sent.on('close', () => {
          tally.callEnded(ok);
          resolve();
        });
        sent.end(BODY);
      }),
    close: () => agent.destroy(),
  };
}

/** Good enough for paced chunks, which are never split. */
function* stampsIn(bytes: Buffer): Iterable<number> {
  for (
    let at = bytes.indexOf(BEFORE_STAMP);
    at !== -1;
    at = bytes.indexOf(BEFORE_STAMP, at + STAMP_DIGITS)
  ) {
    yield stampAt(bytes, at + BEFORE_STAMP.length);
  }
}
