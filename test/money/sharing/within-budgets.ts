import type { Handler, Stage } from '../../../src/core/call.ts';
import type { Charge } from '../../../src/core/call-record.ts';
import { budget } from '../../../src/money/budget/stage.ts';
import { coalesce } from '../../../src/money/sharing/stage.ts';
import { usage } from '../../support/events.ts';
import type { Opened } from '../budget/books.ts';

/** In pico-dollars. */
export const COST = 700n;

/** What an attempt cost: COST. */
export function aCharge(): Charge {
  const cost = { picoDollars: COST, catalogueVersion: '1', estimated: false, unpriced: false };
  const attempt = { attempt: 1, upstream: 'default', model: 'gpt-test', usage: usage(), cost };
  return { ...attempt, serviceTier: '', outcome: 'completed', startedAt: 0, endedAt: 0 };
}

/** An upstream whose calls are shared, and reserve what they may cost. @param between makes the attempts */
export function sharedWithin(
  { book, clock, telemetry }: Opened,
  upstream: Handler,
  between: Stage = (next) => next,
): Handler {
  const { instruments } = telemetry;
  const within = budget(book, {
    clock,
    sizes: { atMost: () => 50, countAtMost: async () => ({ tokens: 50, counted: true }) },
    minOutputTokens: 10,
    unpriced: 'refuse',
    instruments,
  });
  return coalesce({ clock, instruments })(between(within(upstream)));
}
