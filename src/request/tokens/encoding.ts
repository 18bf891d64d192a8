import {
  CL100K_TOKEN_SPLIT_REGEX,
  O200K_TOKEN_SPLIT_REGEX,
} from 'gpt-tokenizer/encodingParams/constants';
import type { GptEncoding } from 'gpt-tokenizer/GptEncoding';
import type { TokenizerName } from '../../core/model.ts';

/** A byte-pair encoding, loaded. */
export interface Encoding {
  /** Tokens of `text`. Quadratic in the length of the longest piece that `split` finds in it. */
  count(text: string): number;
  /** Cuts text into the pieces that are encoded one by one; every character is in one of them. */
  readonly split: RegExp;
  /** Drops what was remembered of the texts counted so far. */
  forget(): void;
}

/** Text that reads like a special token (`<|endoftext|>`) is text: nobody can send the token itself. */
const ORDINARY_TEXT = { disallowedSpecial: new Set<string>() };

/** Loads an encoding once: 0.3 to 0.6 s and about 70 MB the first time, nothing afterwards. */
export async function loadEncoding(name: TokenizerName): Promise<Encoding> {
  switch (name) {
    case 'cl100k_base':
      return adapt(
        (await import('gpt-tokenizer/encoding/cl100k_base')).default,
        CL100K_TOKEN_SPLIT_REGEX,
      );
    case 'o200k_base':
      return adapt(
        (await import('gpt-tokenizer/encoding/o200k_base')).default,
        O200K_TOKEN_SPLIT_REGEX,
      );
  }
}

function adapt(encoding: GptEncoding, split: RegExp): Encoding {
  return {
    count: (text) => encoding.countTokens(text, ORDINARY_TEXT),
    split,
    forget: () => encoding.clearMergeCache(),
  };
}
