import { describe, expect, it } from '@jest/globals';
import type { AnswerStream } from '../../src/openai/answer/api-surface.ts';
import { ChatStream } from '../../src/openai/chat/stream.ts';
import { ResponsesStream } from '../../src/openai/responses/stream.ts';
import { aCall } from '../support/events.ts';

const TOO_LARGE = 'The upstream sent an answer that is too large.';
/** Far more than any answer has: what has no bound of its own comes to it. */
const MANY = 600_000;

const chat = () => new ChatStream(aCall(), () => {});
const responses = () => new ResponsesStream(aCall(), () => {});

function feed(stream: AnswerStream, event: (n: number) => object, times = MANY): void {
  for (let n = 0; n < times; n += 1) stream.read('', JSON.stringify(event(n)));
}

const chunk = (delta: object) => ({ choices: [{ index: 0, delta }] });
const fragment = (fields: object) => chunk({ tool_calls: [{ index: 0, ...fields }] });

/** Times with much and with half as much; the shorter of three, for others use this machine. */
function timesOf(work: (size: number) => void, size: number): { half: number; whole: number } {
  const shortest = (n: number) =>
    Math.min(
      ...Array.from({ length: 3 }, () => {
        const began = performance.now();
        work(n);
        return performance.now() - began;
      }),
    );
  return { half: shortest(size / 2), whole: shortest(size) };
}

describe('an answer that brings something new with every event', () => {
  it.each<[string, () => AnswerStream, (n: number) => object]>([
    ['ids of one tool call', chat, (n) => fragment({ id: `call_${n}`, function: {} })],
    ['places of tool calls', chat, (n) => fragment({ index: n, function: { arguments: '{' } })],
    [
      'places of an item',
      responses,
      (n) => ({
        type: 'response.output_item.added',
        output_index: n,
        item: { type: 'message', id: 'msg_1' },
      }),
    ],
    [
      'sealed reasoning',
      responses,
      (n) => ({
        type: 'response.output_item.done',
        item: { type: 'reasoning', id: `rs_${n}`, encrypted_content: 'x'.repeat(100) },
      }),
    ],
  ])('is refused: %s', (_what, open, event) => {
    expect(() => feed(open(), event)).toThrow(TOO_LARGE);
  });

  it.each<[string, () => AnswerStream, (n: number) => object]>([
    [
      'fields of the response',
      responses,
      (n) => ({ type: 'response.in_progress', response: { [`field_${n}`]: 'x'.repeat(100_000) } }),
    ],
    ['what is to be handed back', chat, (n) => chunk({ extra_content: { [`f${n}`]: BIG } })],
    ['pieces of thoughts', chat, () => chunk({ reasoning_details: [{ type: 'x', text: BIG }] })],
  ])('keeps none of it that is not read: %s', (_what, open, event) => {
    const stream = open();
    global.gc?.();
    const before = process.memoryUsage().heapUsed;
    feed(stream, event, 1_000);
    global.gc?.();
    // 100 MB were said.
    if (global.gc) expect(process.memoryUsage().heapUsed - before).toBeLessThan(50e6);
    expect(stream.finished).toBe(false);
  });

  const BIG = 'x'.repeat(100_000);
});

describe('an answer that makes work with each event', () => {
  it('costs no more for names and arguments that come in turn', () => {
    const { half, whole } = timesOf((pieces) => {
      const stream = chat();
      feed(
        stream,
        () => fragment({ function: { name: 'look', arguments: `"${'x'.repeat(40)}` } }),
        pieces,
      );
    }, 20_000);
    expect(whole).toBeLessThan(3.5 * half + 50);
  });

  it('costs no more for text and sources that come in turn', () => {
    const stream = responses();
    const text = { type: 'response.output_text.delta', delta: 'x'.repeat(4_000_000) };
    feed(stream, () => text, 1);
    const began = performance.now();
    feed(
      stream,
      (n) => ({
        type: 'response.output_text.annotation.added',
        output_index: n % 4_000,
        annotation_index: n,
        annotation: { type: 'url_citation' },
      }),
      4_000,
    );
    // To count four million characters takes some milliseconds, and it was asked for 4,000 times.
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});
