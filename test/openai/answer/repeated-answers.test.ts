import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AnswerEvent, Completed } from '../../../src/core/events.ts';
import type { AnswerStream } from '../../../src/openai/answer/api-surface.ts';
import { UsualEvents } from '../../../src/openai/answer/repeated-event.ts';
import { StreamReader } from '../../../src/openai/answer/stream-reader.ts';
import { ChatStream } from '../../../src/openai/chat/stream.ts';
import { Exchange } from '../../../src/openai/http/exchange.ts';
import { ResponsesStream } from '../../../src/openai/responses/stream.ts';
import { aCall } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { chunk, USAGE_CHUNK } from '../open-upstream.ts';
import { CREATED, ended } from '../responses/responses-events.ts';

const nothing = (): void => {};

/** All that a reader makes of the reads. @param usual what it knows of answers before */
function readAll(open: Open, reads: readonly Buffer[], usual = new UsualEvents()) {
  const seen: (AnswerEvent | Completed | string)[] = [];
  const clock = new FakeClock();
  const listener = { onConnected: nothing, onHeaders: nothing, onData: nothing };
  const ends = { onEnd: nothing, onError: nothing, onAbort: nothing };
  const reader = new StreamReader(
    open((event) => seen.push(event as AnswerEvent)),
    {
      exchange: new Exchange(new AbortController().signal, { ...listener, ...ends }),
      isUnread: () => false,
      onComplete: (completed) => seen.push(completed),
      clock,
      startedAt: clock.now(),
    },
    { afterFinishMs: 100, maxEventBytes: 64 * 1_024, usual },
  );
  try {
    for (const read of reads) reader.data(read);
    reader.end();
  } catch (error) {
    seen.push(String(error));
  }
  // Calls whose ids never come get some.
  return JSON.parse(JSON.stringify(seen).replaceAll(/call_[0-9a-f]{24}/g, 'call_'));
}

/** The same events with blanks that are others each time: none is as the last. */
function neverAlike(events: readonly string[]): string[] {
  return events.map((event, i) => event.replace(/^data: ?\{/m, `data: {${' '.repeat(i + 1)}`));
}

/** Cut anywhere. */
function cut(text: string, places: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text);
  const at = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
  return [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length));
}

const text = fc.oneof(
  fc.constantFrom('a', ' words', '"', '\\', '\n', '😀', '\ud83d', '\ude00', ''),
  fc.string({ unit: 'binary' }),
);
const places = fc.array(fc.nat(), { maxLength: 6 });
const end = fc.constantFrom('\n', '\r\n');

const delta = fc.oneof(
  { arbitrary: fc.record({ content: text }), weight: 6 },
  fc.record({ reasoning_content: text }),
  fc.record({ content: text, reasoning: text }),
  fc.record({ refusal: text }),
  fc.record({ content: text, annotations: fc.constant([]) }),
  {
    arbitrary: fc.record({
      tool_calls: fc.array(
        fc.record({
          index: fc.nat({ max: 1 }),
          id: fc.constantFrom('call_1', 'call_2', null),
          function: fc.record({ name: fc.constantFrom('f', null), arguments: text }),
        }),
        { maxLength: 2 },
      ),
    }),
    weight: 4,
  },
);
const chatChunk = fc.record(
  {
    id: fc.constantFrom('chatcmpl-1', 'chatcmpl-1', 'chatcmpl-2'),
    created: fc.nat({ max: 3 }),
    system_fingerprint: fc.constantFrom('fp_1', 'fp_1', 'fp_2'),
    choices: fc.tuple(
      fc.record(
        { index: fc.constant(0), delta, finish_reason: fc.constantFrom(null, null, 'stop') },
        { requiredKeys: ['delta'] },
      ),
    ),
    obfuscation: fc.constantFrom('x', 'yz', '\\'),
    usage: fc.constantFrom(null, null, { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }),
  },
  { requiredKeys: ['id', 'choices'] },
);
const responsesEvent = fc.record(
  {
    type: fc.constantFrom(
      'response.output_text.delta',
      'response.output_text.delta',
      'response.reasoning_summary_text.delta',
      'response.function_call_arguments.delta',
      'response.output_text.done',
    ),
    sequence_number: fc.nat({ max: 20 }),
    item_id: fc.constantFrom('msg_1', 'msg_1', 'msg_2'),
    output_index: fc.constant(0),
    content_index: fc.constantFrom(0, 0, 1),
    delta: text,
    obfuscation: fc.string({ maxLength: 3 }),
  },
  { requiredKeys: ['type', 'delta'] },
);

/** Each several times: that is what answers are like. */
const several = <T extends object>(event: fc.Arbitrary<T>) =>
  fc.array(fc.tuple(event, fc.array(text, { maxLength: 5 })), { maxLength: 8 });

/** Texts of `like`, each in the place of its own. */
function repeated(like: object, texts: readonly string[]): string[] {
  const names = ['content', 'reasoning_content', 'arguments', 'delta'];
  const put = (said: string) =>
    JSON.stringify(like, (name, value) =>
      names.includes(name) && typeof value === 'string' ? said : value,
    );
  return [JSON.stringify(like), ...texts.map(put)];
}

const framed = (json: string, newline: string) => `data: ${json}${newline}${newline}`;

type Open = (emit: (event: AnswerEvent) => void) => AnswerStream;

/** Reads events, cut in any places and each in a read of its own, as it reads those of which no two are alike. */
function expectTheSame(open: Open, events: readonly string[], cuts: readonly number[]): void {
  const expected = readAll(open, cut(neverAlike(events).join(''), []));
  const usual = new UsualEvents();
  expect(readAll(open, cut(events.join(''), cuts), usual)).toEqual(expected);
  const oneByOne = events.map((event) => Buffer.from(event));
  expect(readAll(open, oneByOne)).toEqual(expected);
  // And again, knowing what such events are like.
  expect(readAll(open, oneByOne, usual)).toEqual(expected);
  expect(readAll(open, cut(events.join(''), cuts), usual)).toEqual(expected);
}

describe('an answer whose events are alike', () => {
  it('reads as one whose events are not, over Chat Completions', () => {
    fc.assert(
      fc.property(several(chatChunk), places, end, (likes, cuts, newline) => {
        const chunks = likes.flatMap(([like, texts]) => repeated(like, texts));
        const last = [JSON.stringify(chunk({}, 'stop')), JSON.stringify(USAGE_CHUNK), '[DONE]'];
        const events = [...chunks, ...last].map((json) => framed(json, newline));
        expectTheSame((emit) => new ChatStream(aCall(), emit), events, cuts);
      }),
      { numRuns: 100 },
    );
  });

  it('reads as one whose events are not, over Responses', () => {
    fc.assert(
      fc.property(several(responsesEvent), places, end, (likes, cuts, newline) => {
        const deltas = likes.flatMap(([like, texts]) => repeated(like, texts));
        const all = [JSON.stringify(CREATED), ...deltas, JSON.stringify(ended('completed'))];
        const events = all.map((json) => framed(json, newline));
        expectTheSame((emit) => new ResponsesStream(aCall(), emit), events, cuts);
      }),
      { numRuns: 100 },
    );
  });
});
