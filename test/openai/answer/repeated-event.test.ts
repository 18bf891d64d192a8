import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  RepeatedEvent,
  type TextField,
  UsualEvents,
} from '../../../src/openai/answer/repeated-event.ts';

function learned(
  event: string,
  field: TextField,
  text: string,
  usual = new UsualEvents(),
): RepeatedEvent {
  const repeated = new RepeatedEvent(usual);
  for (let times = 0; times < 4; times += 1) repeated.passed();
  repeated.learn(Buffer.from(event), { field, text });
  return repeated;
}

/** Has a later answer know it: it came twice. */
function known(event: string, usual: UsualEvents): void {
  learned(event, 'content', 'a', usual).find(Buffer.from(event), 0);
}

/** Text and sequence of `next` if it is as `event` is; undefined: it is not. */
function readAgain(event: string, next: string, field: TextField = 'content', text = 'a') {
  const repeated = learned(event, field, text);
  const bytes = Buffer.from(`: before\n${next}: behind`);
  const end = repeated.find(bytes, 9);
  if (end === -1) return undefined;
  expect(bytes.subarray(end).toString()).toBe(': behind');
  return repeated.sequence === undefined ? repeated.text : [repeated.text, repeated.sequence];
}

const sse = (json: string) => `data: ${json}\n\n`;
const chunk = (literal: string, more = '') =>
  sse(`{"id":"1"${more},"choices":[{"index":0,"delta":{"content":${literal}}}]}`);

describe('RepeatedEvent', () => {
  it.each([
    ['another text', '"hello"', 'hello'],
    ['an empty one', '""', ''],
    ['characters of several bytes', '"äöü 😀 \u2028"', 'äöü 😀 \u2028'],
    ['escapes', String.raw`"\"\\\n\u00e4\ud83d"`, '"\\\nä\ud83d'],
    ['a backslash in front of the end', String.raw`"c:\\"`, 'c:\\'],
    ['what looks like the rest of an event', String.raw`"\"}}]}\n\n"`, '"}}]}\n\n'],
  ])('reads %s', (_name, literal, text) => {
    expect(readAgain(chunk('"a"'), chunk(literal))).toBe(text);
  });

  it('reads the answer of a server that writes blanks, and ends lines with CRLF', () => {
    const spaced = (text: string) =>
      `event: message\r\ndata: {"choices": [{"delta": {"content" : "${text}"}}]}\r\n\r\n`;
    expect(readAgain(spaced('a'), spaced('b'))).toBe('b');
  });

  it('reads a sequence number, and reads over a time and padding', () => {
    const event = (text: string, sequence: number, padding: string) =>
      sse(
        `{"created":${sequence}00,"sequence_number":${sequence},"delta":"${text}","obfuscation":"${padding}"}`,
      );
    const next = event('b', 12, 'xyz');
    expect(readAgain(event('a', 3, ''), next, 'delta')).toEqual(['b', 12]);
  });

  it('reads over the id in front, and over no other', () => {
    const calling = (id: string, call: string) =>
      sse(`{"id":"${id}","tool_calls":[{"id":"${call}","function":{"arguments":"a"}}]}`);
    const readsOver = (next: string) => readAgain(calling('1', 'call_1'), next, 'arguments');
    expect(readsOver(calling('23', 'call_1'))).toBe('a');
    expect(readsOver(calling('1', 'call_2'))).toBeUndefined();
    const later = (id: string) => sse(`{"object":"chunk","id":"${id}","content":"a"}`);
    expect(readAgain(later('1'), later('2'))).toBeUndefined();
  });

  it.each([
    ['a control character', chunk('"a\tb"')],
    ['an escape that is none', chunk(String.raw`"\x"`)],
    ['a text that does not end', 'data: {"id":"1","choices":[{"index":0,"delta":{"content":"abc'],
    ['no text', chunk('null')],
    ['more behind the text', chunk('"a","refusal":"no"')],
    ['another choice', chunk('"a"').replace('0', '1')],
    ['an id that is no text', chunk('"a"').replace('"1"', '1')],
    ['an id with an escape', chunk('"a"').replace('"1"', String.raw`"\u0031"`)],
    ['a field more', chunk('"a"', ',"error":{}')],
    ['an event without its end', chunk('"a"').slice(0, -1)],
    ['part of its first line', 'data: {"id"'],
    ['nothing', ''],
  ])('is another event: %s', (_name, next) => {
    expect(readAgain(chunk('"a"'), next)).toBeUndefined();
  });

  it.each([
    ['01', 'not as JSON writes numbers'],
    ['1.5', 'no whole number'],
    ['-1', 'no place in a stream'],
    ['1e3', 'written otherwise'],
    ['12345678901234567', 'not exact'],
    ['"5"', 'a text'],
    ['null', 'none'],
  ])('a sequence number of %s is for the parser: %s', (number) => {
    const event = (sequence: string) => sse(`{"sequence_number":${sequence},"delta":"a"}`);
    expect(readAgain(event('4'), event(number), 'delta')).toBeUndefined();
  });

  it.each([
    ['the field twice', sse('{"content":"a","other":{"content":"a"}}')],
    ['another text there than what was read', sse('{"content":"b"}')],
    ['a name with an escape, of which the last counts', sse('{"content":"a","cont\\u0065nt":"a"}')],
    ['the field in a text only', sse(String.raw`{"x":"{\"content\":\"a\"}"}`)],
    ['two numbers of one name', sse('{"content":"a","created":1,"x":{"created":2}}')],
    ['more than a piece of text has', sse(`{"content":"a","x":"${'y'.repeat(5_000)}"}`)],
  ])('learns nothing from an event with %s', (_name, event) => {
    expect(readAgain(event, event)).toBeUndefined();
  });

  it('is not learned in a short answer, nor where no two events are alike', () => {
    const repeated = new RepeatedEvent();
    const isWorth = Array.from({ length: 20 }, () => repeated.passed());
    expect(isWorth.indexOf(true)).toBe(3);
    expect(isWorth.lastIndexOf(true)).toBe(11);
  });

  it('is known from the answer before, once an event of this one is so', () => {
    const usual = new UsualEvents();
    known(chunk('"a"'), usual);
    const repeated = new RepeatedEvent(usual);
    const [first, next] = [Buffer.from(chunk('"b"')), Buffer.from(chunk('"c"'))];
    expect(repeated.passed()).toBe(true);
    expect(repeated.find(first, 0)).toBe(-1);
    repeated.learn(first, { field: 'content', text: 'b' });
    expect(repeated.find(next, 0)).toBe(next.length);
    expect(repeated.text).toBe('c');
  });

  it.each([
    ['another event', chunk('"b"', ',"model":"m"'), 'content', 'b'],
    ['another text', chunk('"b"'), 'content', 'c'],
    ['another field', chunk('"b"'), 'reasoning', 'b'],
    ['more than the event', `${chunk('"b"')}: more`, 'content', 'b'],
  ] as const)('is not known from the answer before: %s', (_name, event, field, text) => {
    const usual = new UsualEvents();
    known(chunk('"a"'), usual);
    const repeated = new RepeatedEvent(usual);
    repeated.passed();
    repeated.learn(Buffer.from(event), { field, text });
    expect(repeated.find(Buffer.from(event), 0)).toBe(-1);
    expect(repeated.sequence).toBeUndefined();
  });

  it('keeps nothing of an event as which no other was', () => {
    const usual = new UsualEvents();
    learned(chunk('"a"', ',"logprobs":["a"]'), 'content', 'a', usual);
    expect(usual.shapes).toEqual([]);
  });

  it('knows the last few kinds of events, and no more', () => {
    const usual = new UsualEvents();
    const of = (model: string) => chunk('"a"', `,"model":"${model}"`);
    const models = Array.from({ length: 9 }, (_, i) => `m${i}`);
    for (const model of models) known(of(model), usual);
    const kept = models.filter((model) => {
      const event = Buffer.from(of(model));
      const repeated = new RepeatedEvent(usual);
      repeated.passed();
      repeated.learn(event, { field: 'content', text: 'a' });
      return repeated.find(event, 0) !== -1;
    });
    expect(kept).toEqual(models.slice(-4));
  });

  it('is learned as long as one is found now and then, and forgotten with the next other', () => {
    const repeated = new RepeatedEvent();
    const event = Buffer.from(chunk('"a"'));
    for (let times = 0; times < 50; times += 1) {
      const isWorth = repeated.passed();
      expect(repeated.find(event, 0)).toBe(-1);
      expect(isWorth).toBe(times >= 3);
      if (isWorth) repeated.learn(event, { field: 'content', text: 'a' });
      if (isWorth) expect(repeated.find(event, 0)).toBe(event.length);
    }
  });

  it('finds what the parser reads, for any JSON that a text stands in', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }),
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        (others, text, next) => {
          const event = (said: string) => sse(JSON.stringify({ ...others, content: said }));
          const read = readAgain(event(text), event(next), 'content', text);
          if (read !== undefined) expect(read).toBe(next);
        },
      ),
    );
  });
});
