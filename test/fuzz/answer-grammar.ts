import { Grammar } from './grammar.ts';

const NAMES =
  `id model choices delta message content tool_calls index function name arguments custom input
  finish_reason usage prompt_tokens completion_tokens error code type response output item item_id output_index
  content_index annotation annotation_index part text refusal summary encrypted_content reasoning_details
  extra_content status sequence_number call_id __proto__ constructor toString detail`.split(/\s+/);
const TYPES =
  `output_text.delta output_text.done output_text.annotation.added content_part.done output_item.added
  output_item.done function_call_arguments.delta function_call_arguments.done reasoning_summary_text.delta created
  in_progress completed incomplete failed`
    .split(/\s+/)
    .map((type) => `response.${type}`);
const TEXTS = [
  '',
  'word',
  'stop',
  'tool_calls',
  'message',
  'function_call',
  'reasoning',
  'é🙂',
  '\\ud83d',
  '\\u0000',
];
const NUMBERS = ['0', '1', '-1', '0.5', '1e999', '-0', '9007199254740993', '2147483648', '1e15'];
const ENDS = ['\n', '\r\n', '\r'];

/** Bodies of answers: mostly events with JSON of the names that are read, as only then anything is reached. */
export class AnswerGrammar extends Grammar {
  /** @param known of which it is a damaged copy. Default: it is new. */
  answer(known?: Buffer): Buffer {
    const lines = Array.from({ length: 1 + this.below(20) }, () => this.#event());
    const bytes = Buffer.from(known ?? lines.join(''));
    return known !== undefined || this.chance(0.1) ? this.damaged(bytes) : bytes;
  }

  #event(): string {
    const end = this.pick(ENDS);
    const name = this.chance(0.1)
      ? `event: ${this.pick(['error', 'message', ...TYPES])}${end}`
      : '';
    if (this.chance(0.05))
      return `${this.pick([':', 'id: 1', 'data', 'retry: x', '[{}', ',{}', '{'])}${end}`;
    return `${name}data: ${this.#data()}${end}${this.chance(0.95) ? end : ''}`;
  }

  #data(): string {
    if (this.chance(0.05)) return '[DONE]';
    if (this.chance(0.05)) return this.#value(0);
    if (this.chance(0.5)) {
      const finish = this.chance(0.1) ? ',"finish_reason":"stop"' : '';
      return `{"choices":[{"index":0,"delta":${this.#object(1)}${finish}}]}`;
    }
    return `{"type":"${this.pick(TYPES)}",${this.#object(0).slice(1)}`;
  }

  #value(depth: number): string {
    const kind = this.below(depth > 5 ? 4 : 8);
    if (kind < 2) return `"${this.pick(TEXTS)}"`;
    if (kind < 3) return this.pick(NUMBERS);
    if (kind < 4) return this.pick(['null', 'true', '{}', '[]']);
    if (kind < 5)
      return this.chance(0.02) ? '['.repeat(20_000) + ']'.repeat(20_000) : `[${this.#list(depth)}]`;
    return this.#object(depth + 1);
  }

  #object(depth: number): string {
    const fields = Array.from(
      { length: 1 + this.below(5) },
      () => `"${this.pick(NAMES)}":${this.#value(depth + 1)}`,
    );
    return `{${fields.join()}}`;
  }

  #list(depth: number): string {
    return Array.from({ length: this.below(4) }, () => this.#value(depth + 1)).join();
  }
}
