import type { AnswerOptions } from '../wire/answer-plan.ts';
import { answerText } from './answer.ts';
import type { Behaviour } from './server-exchange.ts';

/**
 * Splits the answer's bytes anywhere, also inside a character. `tick` says when the next bytes go:
 * milliseconds, or an iterable that is asked once per write; when it ends, the rest goes at once.
 */
export function drip(
  bytesPerTick: number,
  tick: AsyncIterable<void> | number,
  options: AnswerOptions,
): Behaviour {
  return async (exchange) => {
    const isStream = exchange.request.body.stream === true;
    const type = isStream ? {} : { 'content-type': 'application/json' };
    exchange.headers(200, { ...type, ...options.headers });
    const bytes = Buffer.from(answerText(exchange.request, options));
    const next =
      typeof tick === 'number' ? every(exchange.delay.bind(exchange), tick) : asked(tick);
    let from = 0;
    while (from < bytes.length && !exchange.signal.aborted) {
      const more = await next();
      const to = more ? from + bytesPerTick : bytes.length;
      exchange.raw(bytes.subarray(from, to));
      from = to;
    }
    exchange.end();
  };
}

function every(delay: (ms: number) => Promise<void>, ms: number): () => Promise<boolean> {
  return async () => {
    await delay(ms);
    return true;
  };
}

function asked(ticks: AsyncIterable<void>): () => Promise<boolean> {
  const iterator = ticks[Symbol.asyncIterator]();
  return async () => (await iterator.next()).done !== true;
}
