import type { Behaviour, ServerExchange } from '../../../src/simulator/answers/server-exchange.ts';
import { Pacer } from './pacer.ts';

/** Digits that open each delta of a stamped answer: when it was written, in µs of `monotonicUs`. */
export const STAMP_DIGITS = 15;

export interface StampedOptions {
  readonly deltas: number;
  /** Length of each delta, at least STAMP_DIGITS. */
  readonly deltaBytes: number;
  /** Whole milliseconds between two deltas; 0: all at once. */
  readonly paceMs: number;
}

/** Microseconds on a clock that all processes of a machine share. */
export function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** An answer whose deltas tell when they were written, so that a reader can tell how long they took. */
export function stamped({ deltas, deltaBytes, paceMs }: StampedOptions): Behaviour {
  const filler = 'x'.repeat(deltaBytes - STAMP_DIGITS);
  const pacer = new Pacer(Math.max(1, paceMs));
  const write = (exchange: ServerExchange): void =>
    exchange.chunk({ content: String(monotonicUs()).padStart(STAMP_DIGITS, '0') + filler });
  return async (exchange) => {
    exchange.chunk({ role: 'assistant', content: '', refusal: null });
    if (paceMs > 0) await writePaced(exchange, pacer, write, deltas);
    else await writeAtOnce(exchange, write, deltas);
    exchange.chunk({}, 'stop');
    exchange.usage();
    exchange.done();
    exchange.end();
  };
}

async function writePaced(
  exchange: ServerExchange,
  pacer: Pacer,
  write: (exchange: ServerExchange) => void,
  deltas: number,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = deltas;
  const step = (): void => {
    write(exchange);
    left -= 1;
    if (left === 0) stop();
  };
  const leave = pacer.join(step);
  const stop = (): void => {
    leave();
    resolve();
  };
  exchange.signal.addEventListener('abort', stop, { once: true });
  step();
  await promise;
}

async function writeAtOnce(
  exchange: ServerExchange,
  write: (exchange: ServerExchange) => void,
  deltas: number,
): Promise<void> {
  for (let written = 0; written < deltas; written += 1) {
    write(exchange);
    if (exchange.res.writableNeedDrain) await exchange.writable();
  }
}
