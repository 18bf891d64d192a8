import { getEventListeners } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach } from '@jest/globals';
import type { Call, Emit } from '../../src/core/call.ts';
import { systemClock } from '../../src/core/clock.ts';
import { ProviderError } from '../../src/core/errors.ts';
import type { Completed, ProviderEvent } from '../../src/core/events.ts';
import { pull } from '../../src/core/pull.ts';
import type { Upstream } from '../../src/core/upstream.ts';
import { createOpenAIUpstream, type OpenAIUpstreamOptions } from '../../src/openai/upstream.ts';
import { drain } from '../support/events.ts';
import type { FakeClock } from '../support/fake-clock.ts';
import { type Behaviour, type StubUpstream, startStubUpstream } from '../support/upstream/index.ts';

interface Opened {
  readonly stub: StubUpstream;
  readonly upstream: Upstream;
}

interface OpenOptions extends Partial<OpenAIUpstreamOptions> {
  readonly clock?: FakeClock;
}

const opened: Opened[] = [];

afterEach(async () => {
  for (const { upstream, stub } of opened.splice(0)) {
    await upstream.close();
    await stub.close();
  }
});

/** A stub that answers every chat request like this, and the upstream that speaks to it. */
export async function openUpstream(script: Behaviour, options: OpenOptions = {}): Promise<Opened> {
  const { clock = systemClock, ...rest } = options;
  const stub = await startStubUpstream({ script });
  const upstream = createOpenAIUpstream(
    { apiKeys: [{ secret: 'sk-test' }], baseUrl: stub.url, connectTimeoutMs: 5_000, ...rest },
    { clock },
  );
  opened.push({ stub, upstream });
  return { stub, upstream };
}

/** All events and the error that ended them, which must be a ProviderError. */
export async function readAll(
  answer: (emit: Emit) => Promise<Completed>,
): Promise<{ events: ProviderEvent[]; error?: ProviderError }> {
  const { error, ...rest } = await drain(answer);
  if (error === undefined) return rest;
  if (error instanceof ProviderError) return { ...rest, error };
  throw error;
}

/** An attempt whose events are pulled, as a consumer in process does. */
export function pulled(upstream: Upstream, call: Call): AsyncIterableIterator<ProviderEvent> {
  return pull(
    (emit, flow, signal) => upstream.answer({ ...call, flow, signal }, emit),
    call.signal,
  );
}

export function textOf(events: readonly ProviderEvent[]): string {
  return events.map((event) => (event.type === 'textDelta' ? event.text : '')).join('');
}

export function abortListeners(signal: AbortSignal): number {
  return getEventListeners(signal, 'abort').length;
}

/** Lets the event loop turn until `condition` holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nextTurn();
}

/** An event stream of these data, sent at once; the body ends behind it. */
export function sse(...data: readonly (object | string)[]): Behaviour {
  return (exchange) => {
    exchange.headers();
    exchange.raw(sseText(...data));
    exchange.end();
  };
}

export function sseText(...data: readonly (object | string)[]): string {
  return data
    .map((item) => `data: ${typeof item === 'string' ? item : JSON.stringify(item)}\n\n`)
    .join('');
}

/** A chunk of a Chat Completions stream. */
export function chunk(delta: object, finishReason: string | null = null): object {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    model: 'gpt-test-2026',
    choices: [{ index: 0, delta, finish_reason: finishReason }],
    usage: null,
  };
}

export const USAGE_CHUNK = {
  ...chunk({}),
  choices: [],
  usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
};
