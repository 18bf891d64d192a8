import type { Call } from '../../src/core/call.ts';
import type { Completed, ProviderEvent } from '../../src/core/events.ts';
import { unknownModel } from '../../src/core/model.ts';
import type { AnswerStream } from '../../src/openai/api-surface.ts';
import { ChatStream } from '../../src/openai/chat-stream.ts';
import { ResponsesStream } from '../../src/openai/responses-stream.ts';
import { SseParser } from '../../src/openai/sse-parser.ts';
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
    if (recording.streamed) feed(stream, recording.body);
    else stream.readWhole(recording.body);
    if (!stream.finished) return { error: 'it has no end' };
    return folded(events, stream.end(TIMINGS));
  } catch (error) {
    return {
      error:
        error instanceof Error ? `${error.message} ${String(error.cause ?? '')}` : String(error),
    };
  }
}

function feed(stream: AnswerStream, body: string): void {
  let done = false;
  const parser = new SseParser(Number.MAX_SAFE_INTEGER, (name, data) => {
    if (data === '[DONE]') done = true;
    else if (done) stream.readLate(data);
    else if (data !== '') stream.read(name, data);
  });
  parser.feed(Buffer.from(body));
  parser.end();
}

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
