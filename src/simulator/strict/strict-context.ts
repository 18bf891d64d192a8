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
    const tokens = isWithinTokenLimit(text, left, { disallowedSpecial: new Set() });
    if (tokens === false) throw tooLong(limit, param);
    left -= tokens;
  }
}

function tooLong(limit: number, param: string): Rejection {
  return new Rejection(
    `This model's maximum context length is ${limit} tokens. Please reduce the length of the messages.`,
    { param, code: 'context_length_exceeded' },
  );
}
