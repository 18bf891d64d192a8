import { get_encoding, type Tiktoken } from 'tiktoken';
import type { TokenizerName } from '../../../src/core/model.ts';

/** Kept for all test files of a process: to make one takes a quarter of a second. */
const KEPT = Symbol.for('tamma.test.encodings');

type Encodings = Map<TokenizerName, Tiktoken>;
const realm = globalThis as { [KEPT]?: Encodings };
const encodings: Encodings = realm[KEPT] ?? new Map();
realm[KEPT] = encodings;

/** Tokens of `text` by OpenAI's own implementation; special tokens are ordinary text. */
export function referenceCount(name: TokenizerName, text: string): number {
  const encoding = encodings.get(name) ?? get_encoding(name);
  encodings.set(name, encoding);
  return encoding.encode_ordinary(text).length;
}
