import { ROOT_CONTEXT } from '@opentelemetry/api';
import {
  type Call,
  type Handler,
  NOTHING_APPLIED,
  newCallRecord,
} from '../../src/provider/call.ts';
import { unknownModel } from '../../src/provider/catalogue/model.ts';
import type {
  Completed,
  EffectiveSettings,
  ProviderEvent,
  Started,
  Usage,
} from '../../src/provider/events.ts';
import { DEFAULT_UPSTREAM } from '../../src/provider/route/route.ts';

/** Builders of calls and events with sensible contents, for tests of stages. */

export function aCall(fields: Partial<Call> = {}): Call {
  return {
    id: 'call-1',
    asked: { messages: [{ role: 'user', content: 'Hello there!' }] },
    request: { messages: [{ role: 'user', content: 'Hello there!' }] },
    violations: [],
    model: 'gpt-test',
    upstream: DEFAULT_UPSTREAM,
    target: { model: unknownModel('gpt-test'), surface: 'chat_completions' },
    alternatives: [],
    key: 0,
    applied: NOTHING_APPLIED,
    warnings: [],
    recovery: 'fail',
    signal: new AbortController().signal,
    deadline: Number.POSITIVE_INFINITY,
    context: ROOT_CONTEXT,
    record: newCallRecord(0),
    attempt: 0,
    onProgress: () => {},
    onHeadroom: () => {},
    ...fields,
  };
}

/** Of a request that sets nothing. */
export const SETTINGS: EffectiveSettings = {
  model: 'gpt-test',
  api: 'chat_completions',
  systemPromptAdded: false,
};

export function started(fields: Partial<Started> = {}): Started {
  return {
    type: 'started',
    responseId: 'chatcmpl-1',
    model: 'gpt-test-2026',
    upstreamRequestId: 'req_1',
    attempt: 1,
    effectiveSettings: SETTINGS,
    warnings: [],
    target: DEFAULT_UPSTREAM,
    ...fields,
  };
}

export function text(value: string, outputTokensSoFar = value.length): ProviderEvent {
  return { type: 'textDelta', text: value, outputTokensSoFar };
}

export function usage(fields: Partial<Usage> = {}): Usage {
  return {
    inputTokens: 10,
    outputTokens: 5,
    totalTokens: 15,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    estimated: false,
    ...fields,
  };
}

export function completed(fields: Partial<Completed> = {}): Completed {
  return {
    type: 'completed',
    finishReason: 'stop',
    rawFinishReason: 'stop',
    toolCalls: [],
    reasoningItems: [],
    usage: usage(),
    model: 'gpt-test-2026',
    target: DEFAULT_UPSTREAM,
    attempts: 1,
    failedAttempts: [],
    timings: { queueMs: 0, totalMs: 0 },
    cached: false,
    serviceTier: '',
    systemFingerprint: '',
    ...fields,
  };
}

/** A handler that yields these events; an Error among them is thrown in its place. */
export function replay(...events: (ProviderEvent | Error)[]): Handler {
  return async function* () {
    for (const event of events) {
      if (event instanceof Error) throw event;
      yield event;
    }
  };
}

/** All events until the end, or until the error that ended them. */
export async function drain(
  events: AsyncIterable<ProviderEvent>,
): Promise<{ events: ProviderEvent[]; error?: unknown }> {
  const seen: ProviderEvent[] = [];
  try {
    for await (const event of events) seen.push(event);
    return { events: seen };
  } catch (error) {
    return { events: seen, error };
  }
}
