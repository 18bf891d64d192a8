import { get_encoding, type Tiktoken } from 'tiktoken';
import type { TokenizerName } from '../../../src/core/model.ts';

const encodings = new Map<TokenizerName, Tiktoken>();

/** Tokens of `text` by OpenAI's own implementation; special tokens are ordinary text. */
export function referenceCount(name: TokenizerName, text: string): number {
  const encoding = encodings.get(name) ?? get_encoding(name);
  encodings.set(name, encoding);
  return encoding.encode_ordinary(text).length;
}
