import type { Repeatable } from '../answer/repeated-event.ts';
import { isNothing } from '../values/json-record.ts';
import type { ChatChunk, ChunkDelta } from './chunk.ts';
import type { ToolCallFragment } from './tool-calls.ts';

/** The only text in a chunk. */
export interface OnlyText extends Repeatable {
  /** Whose `arguments` it is. */
  readonly fragment?: ToolCallFragment;
}

/** Undefined: there is none or more than one, or something else of the answer is in the chunk, too. */
export function onlyTextIn(chunk: ChatChunk): OnlyText | undefined {
  const [choice, another] = chunk.choices ?? [];
  if (!choice?.delta || another || !isNothing(chunk.usage) || !isNothing(chunk.x_groq)) return;
  if (!isNothing(chunk.search_results) || !isNothing(chunk.citations)) return;
  if (choice.index || choice.message || choice.error) return;
  if (choice.finish_reason || choice.finishReason) return;
  if (!isNothing(choice.usage) || !isNothing(choice.annotations)) return;
  return hasMore(choice.delta) ? undefined : onlyTextOf(choice.delta);
}

function hasMore(delta: ChunkDelta): boolean {
  return (
    !isNothing(delta.refusal) ||
    !isNothing(delta.function_call) ||
    !isNothing(delta.extra_content) ||
    !isNothing(delta.annotations) ||
    !isNothing(delta.images) ||
    !isNothing(delta.reasoning_details) ||
    !isNothing(delta.reasoning_text) ||
    !isNothing(delta.thinking) ||
    !isNothing(delta.thinking_blocks) ||
    !isNothing(delta.reasoning_opaque)
  );
}

/** A server that sends reasoning by both names sends the same text twice. */
function onlyTextOf(delta: ChunkDelta): OnlyText | undefined {
  const { content, reasoning_content, reasoning, tool_calls } = delta;
  const [fragment, another] = tool_calls ?? [];
  if (another !== undefined || fragment?.custom) return undefined;
  const args = fragment?.function?.arguments;
  const said = [content, reasoning_content, reasoning, args].filter((text) => !isNothing(text));
  const [text] = said;
  if (said.length !== 1 || typeof text !== 'string') return undefined;
  if (text === args) return { field: 'arguments', text, ...(fragment && { fragment }) };
  // Who calls says so with every fragment, whatever is in it.
  if (fragment !== undefined) return undefined;
  if (text === content) return { field: 'content', text };
  return { field: text === reasoning ? 'reasoning' : 'reasoning_content', text };
}
