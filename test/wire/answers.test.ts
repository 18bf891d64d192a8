import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import type { ProviderEvent } from '../../src/core/events.ts';
import { unknownModel } from '../../src/core/model.ts';
import { openUpstream, readAll } from '../openai/open-upstream.ts';
import { aCall } from '../support/events.ts';

/** Where the cases are; one file each. docs/compatibility.md says which server they are of. */
const CASES = join(import.meta.dirname, 'cases', 'answers');

/** What a server sent, and what it means. */
interface Case {
  /** What is odd about it, in a sentence. */
  readonly kind: string;
  /** Public report: repository and number, or a link. */
  readonly source: string;
  readonly server: string;
  readonly surface: 'chat_completions' | 'responses';
  readonly response: {
    readonly headers?: Readonly<Record<string, string>>;
    /** Byte for byte, if `data` does not say it. */
    readonly body?: string;
    /** Events of a stream: their data, or `event: name` in front of it. */
    readonly data?: readonly (object | string)[];
    /** JSON in the place of a stream. */
    readonly json?: object;
    readonly compress?: 'gzip' | 'deflate' | 'deflate-raw' | 'br' | 'zstd';
  };
  /** Names of tools that the request has. Default: get_weather, get_time. */
  readonly tools?: readonly string[];
  readonly outcome: {
    readonly text?: string;
    readonly commentary?: string;
    readonly reasoning?: string;
    readonly refusal?: string;
    readonly finish: string;
    /** Ids that begin with `*` are invented. */
    readonly toolCalls?: readonly (readonly [id: string, name: string, args: string])[];
    readonly usage?: Readonly<Record<string, number | boolean>>;
    readonly providerData?: object;
    readonly callData?: object;
  };
}

const files = readdirSync(CASES).sort();

function read(file: string): Case {
  return JSON.parse(readFileSync(join(CASES, file), 'utf8'));
}

function bodyOf({ body, data, json }: Case['response']): string {
  if (body !== undefined) return body;
  if (json !== undefined) return JSON.stringify(json);
  return (data ?? [])
    .map((one) => {
      if (typeof one === 'object') return `data: ${JSON.stringify(one)}\n\n`;
      return one.startsWith('event:') || one.startsWith(':') ? `${one}\n\n` : `data: ${one}\n\n`;
    })
    .join('');
}

const COMPRESSORS = {
  gzip: gzipSync,
  deflate: deflateSync,
  'deflate-raw': deflateRawSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
};

async function answer({ surface, response, tools = ['get_weather', 'get_time'] }: Case) {
  const { compress } = response;
  const body = compress
    ? COMPRESSORS[compress](bodyOf(response))
    : Buffer.from(bodyOf(response), 'utf8');
  const type = response.json === undefined ? 'text/event-stream' : 'application/json';
  const { upstream } = await openUpstream((exchange) => {
    exchange.headers(200, {
      'content-type': type,
      ...(compress && { 'content-encoding': compress.replace('-raw', '') }),
      ...response.headers,
    });
    exchange.raw(body);
    exchange.end();
  });
  const messages = [{ role: 'user' as const, content: 'Hi' }];
  const request = { messages, tools: tools.map((name) => ({ name })) };
  const target = { model: unknownModel('m'), surface };
  return readAll((emit) => upstream.answer(aCall({ request, target }), emit));
}

/** What the deltas add up to, which must be what `completed` says. */
function fold(events: readonly ProviderEvent[]) {
  const said = { text: '', commentary: '', reasoning: '', refusal: '' };
  const calls: { id: string; name: string; arguments: string }[] = [];
  for (const event of events) {
    if (event.type === 'textDelta')
      said[event.phase === 'commentary' ? 'commentary' : 'text'] += event.text;
    if (event.type === 'reasoningDelta') said.reasoning += event.text;
    if (event.type === 'refusalDelta') said.refusal += event.text;
    if (event.type === 'toolCallDelta') {
      calls[event.index] ??= { id: event.id, name: event.name, arguments: '' };
      const call = calls[event.index];
      if (call) call.arguments += event.argumentsFragment;
    }
  }
  return { said, calls };
}

describe('answers as servers really send them', () => {
  it.each(files)('%s', async (file) => {
    const one = read(file);
    const { outcome } = one;
    const { events, error } = await answer(one);
    expect(error).toBeUndefined();
    const { said, calls } = fold(events);
    const { text = '', commentary = '', reasoning = '', refusal = '' } = outcome;
    expect(said).toEqual({ text, commentary, reasoning, refusal });
    const completed = events.at(-1);
    if (completed?.type !== 'completed') throw new Error('not completed');
    expect(completed.finishReason).toBe(outcome.finish);
    const expected = (outcome.toolCalls ?? []).map(([id, name, args]) => ({
      id: id.startsWith('*') ? expect.stringMatching(/^call_[0-9a-f]{24}$/) : id,
      name,
      arguments: args,
    }));
    expect(
      completed.toolCalls.map(({ id, name, arguments: args }) => ({ id, name, arguments: args })),
    ).toEqual(expected);
    expect(calls).toEqual(expected);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(calls.length);
    if (outcome.usage) expect(completed.usage).toMatchObject(outcome.usage);
    const { providerData } = completed;
    expect(providerData && JSON.parse(providerData)).toEqual(outcome.providerData);
    const [first] = completed.toolCalls;
    expect(first?.providerData && JSON.parse(first.providerData)).toEqual(outcome.callData);
  });

  it('are named, and said where they come from', () => {
    expect(files.length).toBeGreaterThanOrEqual(100);
    for (const file of files) {
      const { kind, source, server } = read(file);
      expect([kind, source, server].every((fact) => fact.length > 2)).toBe(true);
    }
  });
});
