import { answer } from '../../../src/simulator/answers/answer.ts';
import { drip as dripAnswer } from '../../../src/simulator/answers/drip.ts';
import type { Behaviour } from '../../../src/simulator/answers/server-exchange.ts';
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

/** Splits the bytes of an answer, by default one of many scripts, anywhere. */
export function drip(
  bytesPerTick: number,
  tick: AsyncIterable<void> | number,
  options: AnswerOptions = { text: MULTIBYTE_TEXT },
): Behaviour {
  return dripAnswer(bytesPerTick, tick, options);
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
