/**
 * Text and tool calls as one string, which grows as an answer does: of two contents, one begins with
 * the other if and only if the one answer is the other's beginning.
 */
export class Content {
  #text = '';
  readonly #toolCalls: { id: string; name: string; arguments: string }[] = [];

  addText(text: string): void {
    this.#text += text;
  }

  addToolCall(index: number, { id, name, fragment }: ToolCallPiece): void {
    this.#toolCalls[index] ??= { id: '', name: '', arguments: '' };
    const call = this.#toolCalls[index];
    call.id += id;
    call.name += name;
    call.arguments += fragment;
  }

  get toolCalls(): readonly ToolCall[] {
    return this.#toolCalls;
  }

  toString(): string {
    const calls = this.#toolCalls.map((call) => `\0${call.id}\0${call.name}\0${call.arguments}`);
    return this.#text + calls.join('');
  }
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

interface ToolCallPiece {
  readonly id: string;
  readonly name: string;
  readonly fragment: string;
}
