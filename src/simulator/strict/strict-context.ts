import { isWithinTokenLimit } from 'gpt-tokenizer/encoding/o200k_base';
import { Rejection } from './strict-error.ts';
import type { StrictModel } from './strict-models.ts';

/**
 * Refuses what is plainly too long for the model. Only texts are counted, so that what is refused
 * is too long whatever else a request costs.
 */
export function checkContext(
  model: StrictModel,
  texts: readonly string[],
  param: 'messages' | 'input',
): void {
  const limit = model.maxInput ?? model.window;
  if (limit === undefined) return;
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  // A token is at least a byte.
  if (bytes <= limit) return;
  let left = limit;
  for (const text of texts) {
    const tokens = isWithinTokenLimit(broken(text), left, { disallowedSpecial: new Set() });
    if (tokens === false) throw tooLong(limit, param);
    left -= tokens;
  }
}

/** To count a run without a break takes a time quadratic in its length: a word of 5 MB, minutes. In UTF-16 units. */
const LONGEST_RUN = 1_024;
const WORDS = new RegExp(`\\S{1,${LONGEST_RUN}}`, 'g');
const SPACES = new RegExp(`\\s{1,${LONGEST_RUN}}`, 'g');

/** The text with something between, of a token at most, behind so much of a run. */
function broken(text: string): string {
  return text
    .replace(WORDS, (run) => (run.length < LONGEST_RUN ? run : `${run}\n`))
    .replace(SPACES, (run) => (run.length < LONGEST_RUN ? run : `${run}.`));
}

function tooLong(limit: number, param: string): Rejection {
  return new Rejection(
    `This model's maximum context length is ${limit} tokens. Please reduce the length of the messages.`,
    { param, code: 'context_length_exceeded' },
  );
}
