import { describe, expect, it, jest } from '@jest/globals';
import { SseParser } from '../../src/openai/answer/sse-parser.ts';
import { StreamReader } from '../../src/openai/answer/stream-reader.ts';
import { WholeReader } from '../../src/openai/answer/whole-reader.ts';
import { ChatStream } from '../../src/openai/chat/stream.ts';
import { parseErrorBody } from '../../src/openai/errors/body.ts';
import { StrayErrors } from '../../src/openai/errors/in-answer.ts';
import type { Exchange } from '../../src/openai/http/exchange.ts';
import { ResponsesStream } from '../../src/openai/responses/stream.ts';
import { parseObject } from '../../src/openai/values/json-checks.ts';
import { cpuMs } from '../support/cpu-ms.ts';
import { aCall } from '../support/events.ts';
import { FakeClock } from '../support/fake-clock.ts';

const UNREADABLE = 'The upstream sent an answer that cannot be read.';

describe('an answer that makes work with each event', () => {
  it.each([1e15, -1, 0.5, 'x', Number.MAX_VALUE])(
    'does not count up to a place that it names: %j',
    (place) => {
      const annotation = {
        type: 'response.output_text.annotation.added',
        content_index: place,
        annotation: { type: 'url_citation' },
      };
      new ResponsesStream(aCall(), () => {}).read('', JSON.stringify(annotation));
    },
  );

  it.each([[[1]], [{}], [{ toString: 1 }]])('refuses a place that is none: %j', (place) => {
    const text = { type: 'response.output_text.delta', content_index: place, delta: 'x' };
    const stream = new ResponsesStream(aCall(), () => {});
    expect(() => stream.read('', JSON.stringify(text))).toThrow(UNREADABLE);
  });

  it('does not read lines again and again that may be an error', () => {
    const stray = new StrayErrors();
    const parse = jest.spyOn(JSON, 'parse');
    for (let line = 0; line < 20_000; line += 1) stray.add(line % 16_000 === 0 ? '[{}' : ',{}');
    const characters = parse.mock.calls.reduce((sum, [text]) => sum + text.length, 0);
    parse.mockRestore();
    expect(characters).toBeGreaterThan(0);
    // Read anew with each of its lines it would be 500 million.
    expect(characters).toBeLessThan(1_000_000);
  });
});

describe('what comes again and again', () => {
  /** For what took seconds as long as its time was that of the square of its length. */
  const MAX_MS = 1_000;

  function readChunks(count: number, deltaOf: (n: number) => object): void {
    const stream = new ChatStream(aCall(), () => {});
    for (let n = 0; n < count; n += 1) {
      stream.read('', JSON.stringify({ choices: [{ index: 0, delta: deltaOf(n) }] }));
    }
  }

  const call = (fields: object) => ({ tool_calls: [{ index: 0, ...fields }] });

  it.each<[string, (n: number) => object]>([
    ['of a message', (n) => ({ extra_content: { [`a${n}`]: 1 } })],
    ['of a call', (n) => call({ function: { name: 'x' }, extra_content: { [`a${n}`]: 1 } })],
    ['of a detail', (n) => ({ reasoning_details: [{ index: 0, [`a${n}`]: 1 }] })],
  ])('is not copied for each field that is handed back: %s', (_where, deltaOf) => {
    expect(cpuMs(() => readChunks(16_000, deltaOf))).toBeLessThan(MAX_MS);
  });

  it('is no name of a tool without an end', () => {
    expect(() =>
      readChunks(1_000, (n) => call({ id: 'a', function: { name: `name-${n}` } })),
    ).toThrow('The upstream sent an answer that is too large.');
  });

  it('is not looked up in a reason to finish of half a megabyte', () => {
    const stream = new ChatStream(aCall(), () => {});
    const finish = (finish_reason: string) =>
      stream.read('', JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason }] }));
    const took = cpuMs(() => {
      finish('x'.repeat(2 ** 19));
      for (let n = 0; n < 10_000; n += 1) finish('stop');
    });
    expect(took).toBeLessThan(MAX_MS);
  });

  it.each([
    ['the code of an error', { error: { code: `${'.'.repeat(2 ** 18)}\n` } }],
    ['the type of an error', { error: { type: `${'.'.repeat(2 ** 18)}\n` } }],
  ])('is searched once: %s', (_what, error) => {
    const stream = new ChatStream(aCall(), () => {});
    const took = cpuMs(() => expect(() => stream.read('', JSON.stringify(error))).toThrow());
    expect(took).toBeLessThan(MAX_MS);
  });

  it('is searched once: an error framed as an event', () => {
    const took = cpuMs(() => parseErrorBody(`event:${' '.repeat(2 ** 17)}`));
    expect(took).toBeLessThan(MAX_MS);
  });

  it.each([
    ['text', 'output_text', 'content_index'],
    ['reasoning', 'reasoning_text', 'content_index'],
    ['a summary', 'reasoning_summary_text', 'summary_index'],
  ])('is told to be whole, and not put together each time: %s', (_what, name, place) => {
    const stream = new ResponsesStream(aCall(), () => {});
    const say = (kind: string, fields: object) => {
      const type = `response.${name}.${kind}`;
      stream.read('', JSON.stringify({ type, item_id: 'item_1', [place]: 0, ...fields }));
    };
    const took = cpuMs(() => {
      say('delta', { delta: 'x'.repeat(2 ** 23) });
      for (let n = 0; n < 1_000; n += 1) {
        say('delta', { delta: 'y' });
        say('done', { text: 'z' });
      }
    });
    expect(took).toBeLessThan(MAX_MS);
  });

  it('is told of the item it belongs to, which is found once', () => {
    const stream = new ResponsesStream(aCall(), () => {});
    const event = (kind: string, id: number, fields = {}) => {
      const item = { type: 'message', id: `msg_${id}`, ...fields };
      const type = `response.output_item.${kind}`;
      stream.read('', JSON.stringify({ type, output_index: id, item }));
    };
    for (let id = 0; id < 4_000; id += 1) event('added', id);
    const annotations = Array(500_000).fill(0);
    const took = cpuMs(() => event('done', 3_999, { content: [{ text: '', annotations }] }));
    expect(took).toBeLessThan(MAX_MS);
  });
});

describe('what is told beside the text', () => {
  it('looks at each field of an item once, however many there are', () => {
    const fields = Array.from({ length: 5_000 }, (_, n) => [`field_${n}`, 'x'.repeat(n % 40)]);
    const item = { ...Object.fromEntries(fields), type: 'odd_call', id: 'odd_1' };
    const details: string[] = [];
    const stream = new ResponsesStream(aCall(), (event) => {
      if (event.type === 'hostedTool') details.push(event.detail);
    });
    const data = JSON.stringify({ type: 'response.output_item.done', output_index: 0, item });
    const stringify = jest.spyOn(JSON, 'stringify');
    stream.read('', data);
    const { length: times } = stringify.mock.calls;
    stringify.mockRestore();
    // With all that are left, each time that the longest is left out, it would be 12 million.
    expect(times).toBeLessThan(6_000);
    const detail = details.find((text) => text !== '') ?? '';
    expect(Buffer.byteLength(detail)).toBeGreaterThan(16_000);
    expect(Buffer.byteLength(detail)).toBeLessThanOrEqual(16 * 1024);
    const lengths = Object.values<string>(JSON.parse(detail)).map(({ length }) => length);
    // Of 5,000 fields the shortest few hundred.
    expect(Math.max(...lengths)).toBeLessThan(10);
  });

  it.each(['chat', 'responses'] as const)('holds no sources without end: %s', (api) => {
    const url = `https://example.com/${'x'.repeat(2 ** 20)}`;
    const stream =
      api === 'chat' ? new ChatStream(aCall(), () => {}) : new ResponsesStream(aCall(), () => {});
    const event = (n: number) => {
      const annotation = { type: 'url_citation', url, title: `${n}` };
      if (api === 'chat') return { choices: [{ index: 0, delta: { annotations: [annotation] } }] };
      const type = 'response.output_text.annotation.added';
      return { type, item_id: 'msg_1', content_index: 0, annotation_index: n, annotation };
    };
    expect(() => {
      for (let n = 0; n < 40; n += 1) stream.read('', JSON.stringify(event(n)));
    }).toThrow('The upstream sent an answer that is too large.');
  });
});

describe('a body of lines', () => {
  it.each(['{}', '', '[DONE]'])('is not read that has hundreds of thousands: %j', (line) => {
    const context = { clock: new FakeClock(), isUnread: () => false, startedAt: 0 };
    const exchange = {} as unknown as Exchange;
    const stream = new ChatStream(aCall(), () => {});
    const reader = new WholeReader(stream, { ...context, exchange, onComplete() {} }, 2 ** 24);
    reader.data(Buffer.from(`{}\n{}\n${`${line}\n`.repeat(200_000)}`));
    expect(() => reader.end()).toThrow('The upstream sent an answer that is too large.');
  });
});

describe('an event', () => {
  it('ends that consists of empty lines', () => {
    const parser = new SseParser(1024 * 1024, () => {});
    const lines = Buffer.from('data:\n'.repeat(20_000));
    expect(() => parser.feed(lines)).toThrow('The upstream sent an event that is too large.');
  });

  it('with a name of megabytes keeps none of it', () => {
    const events: [string, number][] = [];
    const parser = new SseParser(2 ** 24, (name, text) => events.push([name, text.length]));
    parser.feed(Buffer.from(`event: ${'x'.repeat(2 ** 22)}\ndata: 1\n\n`));
    parser.feed(Buffer.from(`event: ${'x'.repeat(256)}\ndata: 1\n\n`));
    expect(events).toEqual([
      ['', 1],
      ['x'.repeat(256), 1],
    ]);
  });

  it.each(['[', '{},', '0,', '"a":[{'])(
    'is not parsed that has millions of values: %s',
    (value) => {
      expect(() => parseObject(`{"a":[${value.repeat(600_000)}`)).toThrow(UNREADABLE);
    },
  );

  it.each([
    ['objects', '{"a":', '}'],
    ['lists', '[', ']'],
  ])('is not read that is nested deeper than the stack goes: %s', (_what, open, close) => {
    const nested = (levels: number) => `{"a":${open.repeat(levels)}1${close.repeat(levels)}}`;
    expect(() => parseObject(nested(100_000))).toThrow(UNREADABLE);
    expect(parseObject(nested(500))).toHaveProperty('a');
  });

  it.each([
    ['in one object', (fields: readonly string[]) => `{${fields}}`],
    ['in thousands', (fields: readonly string[]) => `{"a":[{${fields.join('},{')}}]}`],
  ])('is not parsed that has tens of thousands of different names: %s', (_where, text) => {
    const fields = (count: number) => Array.from({ length: count }, (_, n) => `"name-\\"${n}" : 1`);
    expect(() => parseObject(text(fields(20_000)))).toThrow(UNREADABLE);
    expect(parseObject(text(fields(10_000)))).not.toEqual({});
  });

  it('may have as many fields of few names', () => {
    const list = JSON.stringify({ data: Array(50_000).fill({ code: 'a', line: 1, message: ':' }) });
    expect(parseObject(list)).toHaveProperty('data');
  });

  it.each([
    ['an error', 'event: error\n', '\n\n'],
    ['what stands before another object', '', '\ndata: {}\n'],
    ['what the end of the body cuts', '', ''],
  ])('is not parsed to see whether it is one: %s', (_what, before, behind) => {
    const list = `[${'[],'.repeat(600_000)}[]]`;
    const parse = jest.spyOn(JSON, 'parse');
    const stream = new ChatStream(aCall(), () => {});
    const exchange = { destroy() {} } as unknown as Exchange;
    const context = { exchange, clock: new FakeClock(), isUnread: () => false, startedAt: 0 };
    const reader = new StreamReader(
      stream,
      { ...context, onComplete() {} },
      { afterFinishMs: 1, maxEventBytes: 2 ** 24 },
    );
    expect(() => {
      reader.data(Buffer.from(`${before}data: ${list}${behind}`));
      reader.end();
    }).toThrow();
    const lengths = parse.mock.calls.map(([text]) => text.length);
    parse.mockRestore();
    expect(Math.max(0, ...lengths)).toBeLessThan(2 ** 18);
  });

  it('may be large', () => {
    expect(parseObject(`{"result":"${'x'.repeat(8_000_000)}"}`)).toHaveProperty('result');
  });
});
