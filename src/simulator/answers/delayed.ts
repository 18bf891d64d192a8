import type { Behaviour } from './exchange.ts';

export interface Delays {
  /** Before the headers, in ms. */
  readonly headersMs: number;
  /** Between them and the first piece, in ms. */
  readonly firstPieceMs: number;
}

/** The same, later. Only a stream sends its headers before it has anything to say. */
export function delayed({ headersMs, firstPieceMs }: Delays, behaviour: Behaviour): Behaviour {
  if (headersMs + firstPieceMs === 0) return behaviour;
  return async (exchange) => {
    await exchange.delay(headersMs);
    if (firstPieceMs > 0) {
      if (exchange.request.body.stream === true) exchange.headers();
      await exchange.delay(firstPieceMs);
    }
    await behaviour(exchange);
  };
}
