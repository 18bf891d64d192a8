import type { ChunkDelta } from './chat-chunk.ts';
import type { ContentText } from './chat-content.ts';
import { recordOf } from './json-record.ts';

const BEGIN = '<thought>';
const END = '</thought>';

/**
 * Takes out of the content the thoughts that Gemini and Gemma have there. What is flagged as a thought is one,
 * without the tag at its begin; the tag at its end stands before the text that follows, which has no flag.
 * https://ai.google.dev/gemini-api/docs/openai#thinking
 */
export class ThoughtTags {
  /** The last was a thought. */
  isOpen = false;

  split(delta: ChunkDelta, texts: ContentText): ContentText {
    if (!isThought(delta.extra_content)) {
      return this.isOpen ? { ...texts, text: this.rest(texts.text) } : texts;
    }
    const text =
      !this.isOpen && texts.text.startsWith(BEGIN) ? texts.text.slice(BEGIN.length) : texts.text;
    const end = text.indexOf(END);
    this.isOpen = end === -1;
    if (end === -1) return { text: '', reasoning: texts.reasoning + text };
    // A whole answer has one flag for both.
    return {
      text: text.slice(end + END.length),
      reasoning: texts.reasoning + text.slice(0, end),
    };
  }

  /** A text without a flag, without the end of the thoughts before it. */
  rest(text: string): string {
    if (!this.isOpen || text === '') return text;
    this.isOpen = false;
    return text.startsWith(END) ? text.slice(END.length) : text;
  }
}

/** Whether `extra_content` says that the content beside it is a thought. */
export function isThought(extraContent: unknown): boolean {
  return recordOf(recordOf(extraContent).google).thought === true;
}
