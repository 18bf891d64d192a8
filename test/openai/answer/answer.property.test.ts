import { setImmediate as nextTurn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Dispatcher } from 'undici';
import { ProviderError } from '../../../src/core/errors.ts';
import { Flow } from '../../../src/core/flow.ts';
import { Answer } from '../../../src/openai/answer/answer.ts';
import { ChatStream } from '../../../src/openai/chat/stream.ts';
import type { Exchange } from '../../../src/openai/http/exchange.ts';
import type { HttpRequest } from '../../../src/openai/http/http-request.ts';
import type { Transport } from '../../../src/openai/http/transport.ts';
import { aCall } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { chunk, sseText, USAGE_CHUNK, until } from '../open-upstream.ts';

const ANSWER = Buffer.from(
  sseText(
    chunk({ content: 'Hello' }),
    chunk({ content: ' there' }),
    chunk({ content: '!' }, 'stop'),
    USAGE_CHUNK,
    '[DONE]',
  ),
);

/** What happens to an exchange, in any order: a position up to which the body comes, or what ends it. */
type Step = number | 'abort' | 'error' | 'end' | 'silence' | 'garbage';

const incident = fc.constantFrom<Step>('abort', 'error', 'end', 'silence', 'garbage');
const position = fc.nat({ max: ANSWER.length });
const orders = fc.record({
  steps: fc.array(fc.oneof({ arbitrary: position, weight: 3 }, incident), { maxLength: 12 }),
  compressed: fc.boolean(),
  /** The caller leaves on the n-th event, while it is emitted. */
  leavesOn: fc.option(fc.nat({ max: 3 }), { nil: undefined }),
});

/** An attempt whose exchange the test drives in the place of undici. */
async function attempt(compressed: boolean, leavesOn: number | undefined) {
  const controller = new AbortController();
  const clock = new FakeClock();
  const dispatched = Promise.withResolvers<Exchange>();
  const transport: Pick<Transport, 'send'> = {
    send(_request, exchange) {
      exchange.begin(() => {});
      dispatched.resolve(exchange);
    },
  };
  const seen = { emitted: 0, emittedLate: 0, settled: false };
  const flow = new Flow();
  const answer = new Answer(
    aCall({ signal: controller.signal, flow }),
    () => {
      if (seen.settled || controller.signal.aborted) seen.emittedLate += 1;
      if (seen.emitted === leavesOn) controller.abort(new ProviderError('CANCELLED'));
      seen.emitted += 1;
    },
    {
      path: '/chat/completions',
      toRequest: () => ({}),
      newStream: (call, emit) => new ChatStream(call, emit),
    },
    {
      transport: transport as Transport,
      buildRequest: async () => ({}) as HttpRequest,
      clock,
      upstreamMessages: true,
      stream: { afterFinishMs: 5_000, maxEventBytes: 1024 * 1024 },
    },
  ).run();
  const settle = () => {
    seen.settled = true;
  };
  answer.then(settle, settle);
  const exchange = await dispatched.promise;
  const undici = {
    pause() {},
    resume() {},
    abort() {},
  } as unknown as Dispatcher.DispatchController;
  exchange.onRequestStart(undici);
  exchange.onResponseStart(undici, 200, {
    'content-type': 'text/event-stream',
    ...(compressed && { 'content-encoding': 'gzip' }),
  });
  const body = compressed ? gzipSync(ANSWER) : ANSWER;
  let sent = 0;

  function take(step: Step): void {
    switch (step) {
      case 'abort':
        controller.abort(new ProviderError('CANCELLED'));
        return;
      case 'error':
        exchange.onResponseError(undici, new Error('reset'));
        return;
      case 'end':
        exchange.onResponseEnd();
        return;
      case 'silence':
        clock.advance(10_000);
        return;
      case 'garbage':
        exchange.onResponseData(undici, Buffer.from('data: {"no json\n\n'));
        return;
      default: {
        const until = Math.round((step / ANSWER.length) * body.length);
        if (until > sent) exchange.onResponseData(undici, body.subarray(sent, until));
        sent = Math.max(sent, until);
      }
    }
  }
  return { seen, take, flow };
}

describe('an attempt', () => {
  it('emits nothing after it has settled, whatever comes in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(orders, async ({ steps, compressed, leavesOn }) => {
        const { seen, take } = await attempt(compressed, leavesOn);
        for (const step of steps) {
          take(step);
          await nextTurn();
        }
        // An exchange ends somehow; what a decoder still holds comes after that.
        for (const step of [ANSWER.length, 'end', 'abort'] as const) {
          take(step);
          await nextTurn();
        }
        await until(() => seen.settled);
        for (let turns = 0; turns < 3; turns += 1) await nextTurn();
        expect(seen.emittedLate).toBe(0);
      }),
    );
  });

  it('emits nothing of what is decoded only after the caller has left', async () => {
    const { seen, take } = await attempt(true, undefined);
    take(ANSWER.length);
    take('abort');
    for (let turns = 0; turns < 100; turns += 1) await nextTurn();
    expect(seen).toEqual({ emitted: 0, emittedLate: 0, settled: true });
  });

  it('ends with its caller while what was compressed is held back, though the body has ended', async () => {
    const { seen, take, flow } = await attempt(true, undefined);
    flow.hold();
    take(ANSWER.length);
    take('end');
    for (let turns = 0; turns < 100; turns += 1) await nextTurn();
    take('abort');
    await nextTurn();
    expect(seen).toEqual({ emitted: 0, emittedLate: 0, settled: true });
  });
});
