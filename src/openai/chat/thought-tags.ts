import { recordOf } from '../values/json-record.ts';
import type { ChunkDelta } from './chunk.ts';
import type { ContentText } from './content.ts';

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
    if (!this.#isThought(delta, texts)) {
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

  /** What has a signature as well may be what followed from the thoughts: it is none unless they go on. */
  #isThought({ extra_content }: ChunkDelta, { text }: ContentText): boolean {
    const { isFlagged, isSealed } = flagsOf(extra_content);
    return isFlagged && (!isSealed || this.isOpen || text.startsWith(BEGIN));
  }

  /** A text without a flag, without the end of the thoughts before it. */
  rest(text: string): string {
    if (!this.isOpen || text === '') return text;
    this.isOpen = false;
    return text.startsWith(END) ? text.slice(END.length) : text;
  }
}

/** Whether `extra_content` says that the content beside it is a thought, and has something to hand back. */
export function flagsOf(extraContent: unknown) {
  const { thought, thought_signature } = recordOf(recordOf(extraContent).google);
  return { isFlagged: thought === true, isSealed: typeof thought_signature === 'string' };
}
