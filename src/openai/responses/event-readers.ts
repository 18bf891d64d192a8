import type { ResponsesEvent } from './event.ts';
import type { ResponsesOutput } from './output.ts';

/** Of the many kinds of events, those that bring something new. */
export const READERS: Readonly<
  Record<string, (output: ResponsesOutput, event: ResponsesEvent) => void>
> = {
  'response.output_text.delta': (output, event) => output.text(event, event.delta ?? '', false),
  'response.output_text.done': (output, event) => output.text(event, event.text ?? '', true),
  'response.output_text.annotation.added': (output, event) => output.annotation(event),
  'response.content_part.done': readPart,
  'response.refusal.delta': (output, event) => output.refusal(event, event.delta ?? '', false),
  'response.refusal.done': (output, event) => output.refusal(event, event.refusal ?? '', true),
  'response.reasoning_text.delta': (output, event) =>
    output.reasoning(event, event.delta ?? '', false),
  'response.reasoning_text.done': (output, event) =>
    output.reasoning(event, event.text ?? '', true),
  'response.reasoning_summary_text.delta': (output, event) =>
    output.summary(event, event.delta ?? '', false),
  'response.reasoning_summary_text.done': (output, event) =>
    output.summary(event, event.text ?? '', true),
  'response.reasoning_summary_part.done': (output, event) =>
    output.summary(event, event.part?.text ?? '', true),
  // What these were called at first.
  'response.reasoning.delta': (output, event) => output.reasoning(event, event.delta ?? '', false),
  'response.reasoning.done': (output, event) => output.reasoning(event, event.text ?? '', true),
  'response.reasoning_summary.delta': (output, event) =>
    output.summary(event, event.delta ?? '', false),
  'response.reasoning_summary.done': (output, event) =>
    output.summary(event, event.text ?? '', true),
  'response.function_call_arguments.delta': (output, event) =>
    output.arguments(event, event.delta ?? '', false),
  'response.function_call_arguments.done': (output, event) =>
    output.arguments(event, event.arguments ?? '', true),
  'response.custom_tool_call_input.delta': (output, event) =>
    output.arguments(event, event.delta ?? '', false, 'custom'),
  'response.custom_tool_call_input.done': (output, event) =>
    output.arguments(event, event.input ?? '', true, 'custom'),
  'response.output_item.added': (output, event) => {
    if (event.item) output.itemAdded(event, event.item);
  },
  'response.output_item.done': (output, event) => {
    if (event.item) output.itemDone(event, event.item);
  },
};

/** Those of which one is often as the one before but for its text. */
export const DELTAS: ReadonlySet<string> = new Set(
  Object.keys(READERS).filter((type) => type.endsWith('.delta')),
);

function readPart(output: ResponsesOutput, event: ResponsesEvent): void {
  const { type, text, refusal } = event.part ?? {};
  if (type === 'reasoning_text') output.reasoning(event, text ?? '', true);
  else if (refusal) output.refusal(event, refusal, true);
  else output.text(event, text ?? '', true);
}
