export type TokenizerName = 'o200k_base' | 'cl100k_base';

export interface ModelTokenizer {
  readonly name: TokenizerName;
  /** False: the model's own tokenizer is not known here, so counts by `name` are estimates. */
  readonly known: boolean;
}

/** `gpt-4`, `gpt-4-turbo`, `gpt-3.5-turbo`, Azure's `gpt-35-turbo`; not `gpt-4o`, not `gpt-4.1`. */
const CL100K_MODEL = /^gpt-(?:4(?:-|$)|3\.?5)/;
const OPENAI_MODEL = /^(?:gpt-|o\d|chatgpt-|codex-)/;
const FINE_TUNED_PREFIX = /^ft:/;

/**
 * The tokenizer of a model, by its name: cl100k_base for the GPT-4 and GPT-3.5 families, o200k_base
 * for everything later. A fine-tuned model (`ft:gpt-4o:…`) has the tokenizer of its base.
 */
export function tokenizerFor(model: string): ModelTokenizer {
  const base = model.replace(FINE_TUNED_PREFIX, '');
  return {
    name: CL100K_MODEL.test(base) ? 'cl100k_base' : 'o200k_base',
    known: OPENAI_MODEL.test(base),
  };
}
