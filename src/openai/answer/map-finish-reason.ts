import type { FinishReason } from '../../core/events.ts';

/**
 * The words of compatible servers, in lower case, `_` between words and without `finish_reason_`.
 * docs/compatibility.md names who says them.
 */
const WORDS: ReadonlyMap<string, FinishReason> = new Map(
  Object.entries<FinishReason>({
    stop: 'stop',
    end: 'stop',
    eos: 'stop',
    eos_token: 'stop',
    end_turn: 'stop',
    end_of_turn: 'stop',
    stop_sequence: 'stop',
    stop_token: 'stop',
    complete: 'stop',
    completed: 'stop',
    finished: 'stop',
    length: 'length',
    max_tokens: 'length',
    max_length: 'length',
    max_output_tokens: 'length',
    max_completion_tokens: 'length',
    model_length: 'length',
    token_limit: 'length',
    context_length: 'length',
    context_length_exceeded: 'length',
    context_window_exceeded: 'length',
    model_context_window_exceeded: 'length',
    tool_calls: 'tool_calls',
    tool_call: 'tool_calls',
    tool_use: 'tool_calls',
    function_call: 'tool_calls',
    function_calls: 'tool_calls',
    content_filter: 'content_filter',
    content_filtered: 'content_filter',
    sensitive: 'content_filter',
    safety: 'content_filter',
    refusal: 'content_filter',
    recitation: 'content_filter',
    blocklist: 'content_filter',
    blacklist: 'content_filter',
    error_toxic: 'content_filter',
    model_armor: 'content_filter',
    jailbreak: 'content_filter',
    prohibited_content: 'content_filter',
    guardrail_intervened: 'content_filter',
    spii: 'content_filter',
    image_safety: 'content_filter',
    image_prohibited_content: 'content_filter',
    image_recitation: 'content_filter',
  }),
);

/**
 * What the model's stopping means here, whatever the case. Compatible servers have words of their own
 * for giving up ("error", "insufficient_system_resource"); whatever is unknown is not a clean end.
 */
export function toFinishReason(raw: string): FinishReason {
  return WORDS.get(wordOf(raw)) ?? 'error';
}

/** Whether the word is one that somebody has been seen to say, for a clean end or for giving up. */
export function isKnownFinishWord(raw: string): boolean {
  const word = wordOf(raw);
  return WORDS.has(word) || GIVEN_UP.has(word);
}

/** Whether the word says that there is no whole answer. */
export function isGivenUp(raw: string): boolean {
  return GIVEN_UP.has(wordOf(raw));
}

const GIVEN_UP: ReadonlySet<string> = new Set([
  'error',
  'network_error',
  'failed',
  'abort',
  'aborted',
  'cancelled',
  'canceled',
  'incomplete',
  'insufficient_system_resource',
  'repetition_truncation',
  'repetition',
  'time_limit',
  'malformed_function_call',
  'malformed_response',
  'malformed_model_output',
  'malformed_tool_use',
  'too_many_tool_calls',
  'function_call_filter',
  'unexpected_tool_call',
  'other',
]);

/** In the place of no reason, as long as the answer goes on: KoboldCpp writes `null` as a text. */
const NO_REASON: ReadonlySet<string> = new Set(['', 'null', 'none', 'unspecified']);

/** Whether the word says that, or why, the answer ends. */
export function isFinishWord(raw: string): boolean {
  return !NO_REASON.has(wordOf(raw));
}

/** No word is longer, with what stands around it. */
const MAX_WORD_LENGTH = 256;

function wordOf(raw: string): string {
  if (WORDS.has(raw)) return raw;
  return (
    raw
      // That of an answer is looked at with every chunk behind it.
      .slice(0, MAX_WORD_LENGTH)
      .trim()
      .toLowerCase()
      .replaceAll(/[\s-]+/g, '_')
      .replace(/^finish_reason_/, '')
      // Gemini's endpoint says why: `content_filter: PROHIBITED_CONTENT`.
      .replace(/:.*$/s, '')
  );
}

/** What it means here that a Responses answer is `incomplete`, by the reason it gives. */
export function toIncompleteReason(raw: string): FinishReason {
  const reason = toFinishReason(raw);
  return reason === 'length' || reason === 'content_filter' ? reason : 'error';
}
