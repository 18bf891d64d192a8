import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/core/clock.ts';
import type { Upstream } from '../../../src/core/upstream.ts';
import { createOpenAIUpstream } from '../../../src/openai/upstream.ts';
import type { TimeoutOptions } from '../../../src/policies/timeouts/options.ts';
import { attemptTimeout } from '../../../src/policies/timeouts/stage.ts';
import { busy } from '../../support/busy.ts';
import { aCall, drain } from '../../support/events.ts';
import {
  type ServerExchange,
  type StubUpstream,
  startStubUpstream,
} from '../../support/upstream/index.ts';

/** Longer than what a slow machine needs for a request and the beginning of its answer. */
const SHORT_MS = 500;
const LONG_MS = 60_000;

/** All phases are long, but for the one that is looked at. */
const TIMEOUTS: TimeoutOptions = {
  connectMs: LONG_MS,
  headersMs: LONG_MS,
  firstTokenMs: LONG_MS,
  idleMs: LONG_MS,
  afterFinishMs: LONG_MS,
  models: [],
};

const opened: (Upstream | StubUpstream)[] = [];

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

/** The wait that is looked at, how an answer begins, and what of it was seen when the wait begins. */
const WAITS = [
  ['headers', { headersMs: SHORT_MS }, () => {}, 'request'],
  ['first output', { firstTokenMs: SHORT_MS }, (exchange) => exchange.headers(), 'headers'],
  [
    'next output',
    { idleMs: SHORT_MS },
    (exchange) => exchange.chunk({ content: 'Hello' }),
    'textDelta',
  ],
] as const satisfies readonly (readonly [
  string,
  Partial<TimeoutOptions>,
  (exchange: ServerExchange) => void,
  string,
])[];

describe('an answer that came while this process had other things to do', () => {
  it.each(WAITS)('was not too slow with its %s', async (_what, limits, begin, begun) => {
    const exchange = Promise.withResolvers<ServerExchange>();
    const seen = async (what: string): Promise<void> => {
      if (what === begun) endWhileBusy(await exchange.promise);
    };
    const stub = await startStubUpstream({
      script: (one) => {
        exchange.resolve(one);
        begin(one);
        void seen('request');
      },
    });
    const upstream = createOpenAIUpstream(
      { apiKeys: [{ secret: 'sk-test' }], baseUrl: stub.url, connectTimeoutMs: LONG_MS },
      { clock: systemClock },
    );
    opened.push(upstream, stub);
    const handler = attemptTimeout({ ...TIMEOUTS, ...limits }, systemClock)(upstream.answer);
    const call = aCall({ onProgress: (progress) => void seen(progress) });
    const { events, error } = await drain((emit) =>
      handler(call, (event) => {
        emit(event);
        if (event.type === 'textDelta' && event.text === 'Hello') void seen(event.type);
      }),
    );
    expect(error).toBeUndefined();
    expect(events).toContainEqual(expect.objectContaining({ type: 'textDelta', text: '!' }));
    expect(events.at(-1)).toMatchObject({ type: 'completed' });
  });
});

/** Writes the answer's end, which the kernel has when the time is up in which this process computes. */
function endWhileBusy(exchange: ServerExchange): void {
  exchange.chunk({ content: '!' }, 'stop');
  exchange.done();
  exchange.end();
  // It is written in the ticks that were asked for before.
  process.nextTick(busy, SHORT_MS + 100);
}
