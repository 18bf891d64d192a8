import { expect, it } from '@jest/globals';
import type { Completed } from '../../../src/core/events.ts';
import { StreamReader } from '../../../src/openai/answer/stream-reader.ts';
import { ChatStream } from '../../../src/openai/chat/stream.ts';
import { Exchange } from '../../../src/openai/http/exchange.ts';
import { aCall } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { chunk, sseText, USAGE_CHUNK } from '../open-upstream.ts';

const nothing = (): void => {};

it('what waits to be read is no silence behind a finish reason', () => {
  const clock = new FakeClock();
  const listener = { onConnected: nothing, onHeaders: nothing, onData: nothing };
  const ends = { onEnd: nothing, onError: nothing, onAbort: nothing };
  const completed: Completed[] = [];
  let unread = true;
  const reader = new StreamReader(
    new ChatStream(aCall(), nothing),
    {
      exchange: new Exchange(new AbortController().signal, { ...listener, ...ends }),
      isUnread: () => unread,
      onComplete: (event) => completed.push(event),
      clock,
      startedAt: 0,
    },
    { afterFinishMs: 100, maxEventBytes: 1_024 },
  );
  reader.data(Buffer.from(sseText(chunk({ content: 'all of it' }), chunk({}, 'stop'))));
  clock.advance(1_000);
  expect(completed).toEqual([]);
  unread = false;
  reader.data(Buffer.from(sseText(USAGE_CHUNK)));
  clock.advance(100);
  expect(completed).toMatchObject([{ usage: { estimated: false } }]);
});
