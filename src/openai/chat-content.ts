import { recordOf } from './json-record.ts';

/** What stands in the content of a message. */
export interface ContentText {
  readonly text: string;
  readonly reasoning: string;
}

/**
 * The content of a message or delta that is no plain text: a list of parts. Mistral sends `thinking`
 * parts among those of text; kinds that are not known hold nothing to read.
 */
export function readParts(parts: readonly unknown[]): ContentText {
  let text = '';
  let reasoning = '';
  for (const part of parts) {
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    const { type, text: said, thinking } = recordOf(part);
    if (type === 'thinking' || type === 'reasoning') {
      reasoning += typeof thinking === 'string' ? thinking : textOf(thinking ?? said);
    } else if (typeof said === 'string') {
      text += said;
    }
  }
  return { text, reasoning };
}

/** A text, or the texts of a list of parts. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return '';
  return value
    .map((part) => textOf(typeof part === 'string' ? part : recordOf(part).text))
    .join('');
}
