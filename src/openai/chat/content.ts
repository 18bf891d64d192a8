import { recordOf, stringOr } from '../values/json-record.ts';
import type { ChunkDelta } from './chunk.ts';

/** What stands in the content of a message. */
export interface ContentText {
  readonly text: string;
  readonly reasoning: string;
}

/** A server that sends reasoning by both names sends the same text twice. */
export function textsOf(delta: ChunkDelta): ContentText {
  const { content, reasoning_content, reasoning, reasoning_text, thinking, thinking_blocks } =
    delta;
  const thought = textOf(
    reasoning_content || reasoning || (reasoning_text ?? thinking ?? thinking_blocks),
  );
  if (typeof content === 'string') return { text: content, reasoning: thought };
  if (content == null) return { text: '', reasoning: thought };
  const parts = readParts(content as readonly unknown[]);
  return { text: parts.text, reasoning: thought || parts.reasoning };
}

/**
 * The content of a message or delta that is no plain text: a list of parts. Mistral sends `thinking`
 * parts among those of text, Databricks `reasoning` with a summary; kinds that are not known hold nothing to read.
 */
export function readParts(parts: readonly unknown[]): ContentText {
  let text = '';
  let reasoning = '';
  for (const part of parts) {
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    const { type, text: said, thinking, summary } = recordOf(part);
    if (type === 'thinking' || type === 'reasoning') {
      reasoning += typeof thinking === 'string' ? thinking : textOf(thinking ?? said ?? summary);
    } else if (typeof said === 'string') {
      text += said;
    }
  }
  return { text, reasoning };
}

/** The reasoning in what OpenRouter has beside it, and Moonshot in its place. */
export function textOfDetails({ reasoning_details }: ChunkDelta): string {
  if (!Array.isArray(reasoning_details)) return '';
  return reasoning_details
    .map(recordOf)
    .filter(({ type }) => type === undefined || /^reasoning\b/.test(stringOr(type)))
    .map(({ text, summary }) => textOf(text ?? summary))
    .join('');
}

/** A text, that of a part, or the texts of a list of parts. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  if (Array.isArray(value)) return value.map(textOf).join('');
  const { text, thinking = text, content = thinking } = recordOf(value);
  return textOf(content);
}
