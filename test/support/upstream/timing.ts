import { answer, answerText } from '../../../src/simulator/answers/answer.ts';
import type { Behaviour } from '../../../src/simulator/answers/exchange.ts';
import type { AnswerOptions } from '../../../src/simulator/wire/answer-plan.ts';

/** Sends the headers at once, and the answer when `trigger` settles. */
export function firstTokenAfter(trigger: Promise<void>, options: AnswerOptions = {}): Behaviour {
  const rest = answer(options);
  return async (exchange) => {
    exchange.headers(200, options.headers);
    await trigger;
    if (!exchange.signal.aborted) await rest(exchange);
  };
}

const MULTIBYTE_TEXT = 'Grüße aus 東京 und von 👩‍🚀 – voilà.';

/**
 * Splits the stream's bytes anywhere, also inside a character. `tick` says when the next bytes go:
 * milliseconds, or an iterable that is asked once per write; when it ends, the rest goes at once.
 */
export function drip(
  bytesPerTick: number,
  tick: AsyncIterable<void> | number,
  options: AnswerOptions = { text: MULTIBYTE_TEXT },
): Behaviour {
  return async (exchange) => {
    exchange.headers(200, options.headers);
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

/** Writes deltas of `deltaBytes` as fast as the socket takes them, until the client leaves. */
export function endless({ deltaBytes = 1024 } = {}): Behaviour {
  const delta = { content: 'x'.repeat(deltaBytes) };
  return async (exchange) => {
    exchange.headers();
    exchange.chunk({ role: 'assistant', content: '', refusal: null });
    while (!exchange.signal.aborted) {
      exchange.chunk(delta);
      if (exchange.res.writableNeedDrain) await exchange.writable();
    }
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
