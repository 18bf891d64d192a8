/** A request laid out for counting: what stands in the prompt, and what the wrapping costs. */
export interface Prompt {
  /** Each is encoded on its own. */
  readonly texts: readonly string[];
  /** Tokens beside those of the texts. */
  readonly fixedTokens: number;
  /** Something in it is not counted by a published rule. */
  readonly estimated: boolean;
}

/** Collects a Prompt. */
export class PromptBuilder {
  readonly #texts: string[] = [];
  #fixedTokens = 0;
  #estimated = false;

  /** Adds the tokens of a text and `overhead` tokens around it. */
  addText(text: string, overhead = 0): void {
    if (text !== '') this.#texts.push(text);
    this.#fixedTokens += overhead;
  }

  addTokens(tokens: number): void {
    this.#fixedTokens += tokens;
  }

  markEstimated(): void {
    this.#estimated = true;
  }

  build(): Prompt {
    return { texts: this.#texts, fixedTokens: this.#fixedTokens, estimated: this.#estimated };
  }
}
