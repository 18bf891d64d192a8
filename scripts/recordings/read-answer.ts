import type { Call } from '../../src/core/call.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Completed, ProviderEvent } from '../../src/core/events.ts';
import { unknownModel } from '../../src/core/model.ts';
import type { AnswerStream } from '../../src/openai/answer/api-surface.ts';
import { StreamReader } from '../../src/openai/answer/stream-reader.ts';
import { ChatStream } from '../../src/openai/chat/stream.ts';
import { Exchange } from '../../src/openai/http/exchange.ts';
import { ResponsesStream } from '../../src/openai/responses/stream.ts';
import { aCall } from '../../test/support/events.ts';
import type { Folded } from './fold.ts';
import type { Recording } from './recordings.ts';

const TIMINGS = { queueMs: 0, backoffMs: 0, totalMs: 0 };

/** What the sidecar makes of a recording, or why it cannot read it. */
export function readAnswer(recording: Recording): Folded | { readonly error: string } {
  const events: ProviderEvent[] = [];
  const call = callOver(recording.surface);
  const stream =
    recording.surface === 'chat_completions'
      ? new ChatStream(call, (event) => void events.push(event))
      : new ResponsesStream(call, (event) => void events.push(event));
  try {
    if (recording.streamed) return folded(events, readStream(stream, recording.body));
    stream.readWhole(recording.body);
    if (!stream.finished) return { error: 'it has no end' };
    return folded(events, stream.end(TIMINGS));
  } catch (error) {
    return {
      error:
        error instanceof Error ? `${error.message} ${String(error.cause ?? '')}` : String(error),
    };
  }
}

/** In reads of that many bytes, as a server may send it. */
const READ_BYTES = 4_096;

/** By the reader that the sidecar reads with. */
function readStream(stream: AnswerStream, body: string): Completed {
  let completed: Completed | undefined;
  const exchange = new Exchange(new AbortController().signal, {
    onConnected: nothing,
    onHeaders: nothing,
    onData: nothing,
    onEnd: nothing,
    onError: nothing,
    onAbort: nothing,
  });
  const onComplete = (answer: Completed) => {
    completed = answer;
  };
  const clock = systemClock;
  const context = { exchange, isUnread: () => false, onComplete, clock, startedAt: clock.now() };
  const reader = new StreamReader(stream, context, {
    afterFinishMs: 1_000,
    maxEventBytes: Number.MAX_SAFE_INTEGER,
  });
  const bytes = Buffer.from(body);
  try {
    for (let at = 0; at < bytes.length; at += READ_BYTES) {
      reader.data(bytes.subarray(at, at + READ_BYTES));
    }
    reader.end();
  } finally {
    reader.stop();
  }
  if (completed === undefined) throw new Error('it has no end');
  return completed;
}

function nothing(): void {}

function folded(events: readonly ProviderEvent[], completed: Completed): Folded {
  const all: Folded = {
    text: '',
    reasoning: '',
    refusal: '',
    calls: completed.toolCalls.map(({ id, name, arguments: args }) => ({
      id,
      name,
      arguments: args,
    })),
    finish: completed.finishReason,
    usage: undefined,
  };
  for (const event of events) {
    if (event.type === 'textDelta') all.text += event.text;
    if (event.type === 'reasoningDelta') all.reasoning += event.text;
    if (event.type === 'refusalDelta') all.refusal += event.text;
  }
  const { usage } = completed;
  if (!usage.estimated) {
    const { inputTokens: input, outputTokens: output } = usage;
    all.usage = { input, output, cached: usage.cacheReadTokens, reasoning: usage.reasoningTokens };
  }
  return all;
}

function callOver(surface: Recording['surface']): Call {
  const request = { messages: [] };
  return aCall({ asked: request, request, target: { model: unknownModel('m'), surface } });
}
