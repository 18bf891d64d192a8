import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Model, unknownModel } from '../../src/core/model.ts';
import { openUpstream, readAll } from '../openai/open-upstream.ts';
import { aCall } from '../support/events.ts';
import { COMPRESSORS } from './differential/framing.ts';

/** Where the cases are; one file each. docs/compatibility.md says which server they are of. */
const CASES = join(import.meta.dirname, 'cases', 'answers');

/** What a server sent, and what it means. */
export interface Case {
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
    readonly annotations?: readonly object[];
    /** What is told of tools that the server ran, and of items that nobody here knows. */
    readonly hostedTools?: readonly object[];
    readonly callData?: object;
  };
}

/** Their names. */
export const CASE_FILES: readonly string[] = readdirSync(CASES).sort();

export function readCase(file: string): Case {
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

/** What comes of it, by a model of no particular kind unless another one is named. */
export async function answerOf(
  { surface, response, tools = ['get_weather', 'get_time'] }: Case,
  model: Model = unknownModel('m'),
) {
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
  const call = aCall({ request, target: { model, surface } });
  return { call, ...(await readAll((emit) => upstream.answer(call, emit))) };
}
