import { ROOT_CONTEXT } from '@opentelemetry/api';
import { type Call, type Emit, type Handler, NOTHING_APPLIED } from '../../src/core/call.ts';
import { newCallRecord } from '../../src/core/call-record.ts';
import type {
  AttemptReset,
  Completed,
  EffectiveSettings,
  ProviderEvent,
  Started,
  TextDelta,
} from '../../src/core/events.ts';
import { Flow } from '../../src/core/flow.ts';
import { unknownModel } from '../../src/core/model.ts';
import { DEFAULT_UPSTREAM } from '../../src/core/route.ts';
import type { Usage } from '../../src/core/usage.ts';

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
    flow: new Flow(),
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

export function text(value: string, outputTokensSoFar = value.length): TextDelta {
  return { type: 'textDelta', text: value, outputTokensSoFar };
}

export const RESET: AttemptReset = {
  type: 'attemptReset',
  attempt: 2,
  reason: 'NETWORK_ERROR',
};

/** The text that events bring, of whatever kind. */
export function textIn(events: readonly ProviderEvent[]): string {
  return events.map((event) => ('text' in event ? event.text : '')).join('');
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
    timings: { queueMs: 0, backoffMs: 0, totalMs: 0 },
    cached: false,
    serviceTier: '',
    systemFingerprint: '',
    ...fields,
  };
}

/** A handler that emits these events and ends with the `completed` or the Error among them. */
export function replay(...events: (ProviderEvent | Error)[]): Handler {
  return async (_call, emit) => {
    for (const event of events) {
      if (event instanceof Error) throw event;
      if (event.type === 'completed') return event;
      emit(event);
    }
    throw new Error('there is no end to replay');
  };
}

/** A handler whose events, `completed` among them, a generator writes. */
export function scripted(script: (call: Call) => AsyncIterable<ProviderEvent>): Handler {
  return async (call, emit) => {
    let completed: Completed | undefined;
    for await (const event of script(call)) {
      if (event.type === 'completed') completed = event;
      else emit(event);
    }
    if (completed === undefined) throw new Error('the script has no end');
    return completed;
  };
}

/** What an answer consisted of: all events, `completed` among them, or the error that ended it. */
export interface Drained {
  events: ProviderEvent[];
  error?: unknown;
}

/** Makes a call and waits for its end. */
export async function drain(answer: (emit: Emit) => Promise<Completed>): Promise<Drained> {
  const events: ProviderEvent[] = [];
  try {
    events.push(await answer((event) => events.push(event)));
    return { events };
  } catch (error) {
    return { events, error };
  }
}

/** The same for events that are pulled. */
export async function drainPulled(pulled: AsyncIterable<ProviderEvent>): Promise<Drained> {
  const events: ProviderEvent[] = [];
  try {
    for await (const event of pulled) events.push(event);
    return { events };
  } catch (error) {
    return { events, error };
  }
}
