import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ProviderError } from '../../../src/core/errors.ts';
import { SseParser } from '../../../src/openai/answer/sse-parser.ts';
import { codePoint } from '../../support/code-points.ts';

type Event = readonly [name: string, data: string];

function parse(chunks: readonly Buffer[], maxEventBytes = 1_000_000): Event[] {
  const events: Event[] = [];
  const parser = new SseParser(maxEventBytes, (name, data) => events.push([name, data]));
  for (const chunk of chunks) parser.feed(chunk);
  return events;
}

const parseText = (text: string): Event[] => parse([Buffer.from(text)]);

/** The bytes, cut at the given places. */
function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
  return [...cuts, bytes.length].map((end, i) => bytes.subarray(cuts[i - 1] ?? 0, end));
}

describe('SseParser', () => {
  it.each<[string, string, Event[]]>([
    ['one event', 'data: a\n\n', [['', 'a']]],
    ['no space behind the colon', 'data:a\n\n', [['', 'a']]],
    ['one space of several taken away', 'data:  a \n\n', [['', ' a ']]],
    ['several data lines joined', 'data: a\ndata: b\ndata\n\n', [['', 'a\nb\n']]],
    ['empty data', 'data:\n\n', [['', '']]],
    ['a field without a colon', 'data\n\n', [['', '']]],
    [
      'CRLF',
      'data: a\r\n\r\ndata: b\r\n\r\n',
      [
        ['', 'a'],
        ['', 'b'],
      ],
    ],
    [
      'CR',
      'data: a\r\rdata: b\r\r',
      [
        ['', 'a'],
        ['', 'b'],
      ],
    ],
    [
      'mixed line ends',
      'data: a\n\r\ndata: b\r\r\ndata: c\r\n\n',
      [
        ['', 'a'],
        ['', 'b'],
        ['', 'c'],
      ],
    ],
    ['comments', ': ping\n\n:\ndata: a\n: more\n\n', [['', 'a']]],
    [
      'the name of an event',
      'event: error\ndata: a\n\ndata: b\n\n',
      [
        ['error', 'a'],
        ['', 'b'],
      ],
    ],
    ['a name without data', 'event: ping\n\ndata: a\n\n', [['', 'a']]],
    ['other fields', 'id: 1\nretry: 10\ndata: a\nnonsense\n\n', [['', 'a']]],
    ['fields that only begin alike', 'database: x\nevents: y\ndata: a\n\n', [['', 'a']]],
    ['a byte order mark', '\ufeffdata: a\n\n', [['', 'a']]],
    ['a byte order mark in the middle', '\n\ufeffdata: a\n\n', []],
    ['blank lines', '\n\n\r\n\rdata: a\n\n\n', [['', 'a']]],
    [
      'a field behind its own name',
      'data: data:data: a\n\ndata: data\n\n',
      [
        ['', 'a'],
        ['', 'data'],
      ],
    ],
    ['a comment behind a field', 'data: : ping\n\ndata: a\n\n', [['', 'a']]],
    [
      'JSON without empty lines between',
      'data: {"a":1}\ndata: {"b":\ndata: 2}\n\ndata: {"c":3} \ndata: [DONE]\n\n',
      [
        ['', '{"a":1}'],
        ['', '{"b":\n2}'],
        ['', '{"c":3} '],
        ['', '[DONE]'],
      ],
    ],
    [
      'JSON that only looks whole',
      'data: {"a":{}\ndata: ,"b":[]\ndata: }\n\n',
      [['', '{"a":{}\n,"b":[]\n}']],
    ],
    ['JSON in an event with a name', 'event: e\ndata: {}\ndata: {}\n\n', [['e', '{}\n{}']]],
    ['an unfinished event', 'data: a\n\ndata: b\n', [['', 'a']]],
    ['an unfinished line', 'data: a\n\ndata: b', [['', 'a']]],
    ['text beyond ASCII', 'data: Grüße 👩‍🚀\n\n', [['', 'Grüße 👩‍🚀']]],
  ])('understands %s', (_what, text, events) => {
    expect(parseText(text)).toEqual(events);
  });

  it('finds the same events however the bytes are split', () => {
    const line = fc.oneof(
      fc.string({ unit: 'grapheme' }).map((value) => `data: ${value.replace(/[\r\n]/g, '')}`),
      fc.constantFrom('', 'data', 'data:', ': comment', 'event: error', 'id: 7', 'dat', 'x: y'),
    );
    const stream = fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r')));
    const places = fc.array(fc.nat({ max: 4096 }), { maxLength: 20 });
    fc.assert(
      fc.property(stream, places, fc.boolean(), (lines, cuts, marked) => {
        const text = `${marked ? '\ufeff' : ''}${lines.flat().join('')}\n\n`;
        const bytes = Buffer.from(text);
        const whole = parse([bytes]);
        expect(parse(cutAt(bytes, cuts))).toEqual(whole);
        expect(parse([...bytes].map((byte) => Buffer.from([byte])))).toEqual(whole);
      }),
    );
  });

  it('reads back what was written, whatever it is', () => {
    const value = fc.string({ unit: codePoint }).map((text) => text.toWellFormed());
    fc.assert(
      fc.property(fc.array(value), fc.array(fc.nat({ max: 4096 })), (values, cuts) => {
        const data = values.map((text) => JSON.stringify(text));
        const bytes = Buffer.from(data.map((json) => `data: ${json}\n\n`).join(''));
        expect(parse(cutAt(bytes, cuts))).toEqual(data.map((json) => ['', json]));
      }),
    );
  });

  it('keeps an unfinished line although the block it came in is used again', () => {
    const block = Buffer.from('data: first');
    const events: Event[] = [];
    const parser = new SseParser(100, (name, data) => events.push([name, data]));
    parser.feed(block);
    block.fill('!');
    parser.feed(Buffer.from(' half\n\n'));
    expect(events).toEqual([['', 'first half']]);
  });

  it('takes an event of exactly the size that is allowed', () => {
    expect(parse([Buffer.from('data: 1234567890\n\n')], 10)).toEqual([['', '1234567890']]);
  });

  it.each<[string, string[]]>([
    ['in one line', ['data: 12345678901\n\n']],
    ['in several lines', ['data: 123456\ndata: 123456\n\n']],
    ['in a line that does not end', ['data: 12', '345', '678901']],
    ['in a line of another field', [': 12345678', '901\n']],
  ])('refuses an event that is too large %s', (_where, chunks) => {
    const feed = () =>
      parse(
        chunks.map((chunk) => Buffer.from(chunk)),
        10,
      );
    expect(feed).toThrow(ProviderError);
    expect(feed).toThrow('The upstream sent an event that is too large.');
  });

  it('counts each event anew', () => {
    const text = 'data: 12345678\n\n'.repeat(5);
    expect(parse([Buffer.from(text)], 10)).toHaveLength(5);
  });

  it('copies a large event that arrives in small pieces a bounded number of times', () => {
    const size = 10 * 1024 * 1024;
    const bytes = Buffer.from(`data: ${'x'.repeat(size)}\n\n`);
    const copied = countCopiedBytes(() => {
      const pieces = Array.from({ length: Math.ceil(bytes.length / 16_384) }, (_, i) =>
        bytes.subarray(i * 16_384, (i + 1) * 16_384),
      );
      const [event] = parse(pieces, 2 * size);
      expect(event?.[1]).toHaveLength(size);
    });
    expect(copied).toBeLessThan(4 * size);
  });
});

/** What Buffer.copy moved while `action` ran, in bytes. */
function countCopiedBytes(action: () => void): number {
  const copy = Buffer.prototype.copy;
  let copied = 0;
  Buffer.prototype.copy = function (this: Buffer, ...args: Parameters<typeof copy>) {
    const bytes = copy.apply(this, args);
    copied += bytes;
    return bytes;
  };
  try {
    action();
  } finally {
    Buffer.prototype.copy = copy;
  }
  return copied;
}
