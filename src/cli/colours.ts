import type { Environment } from '../config/environment.ts';

/** Whether colours are written: on a terminal, unless it has none or NO_COLOR is set (no-color.org). */
export function colours(
  output: { readonly isTTY?: boolean },
  { NO_COLOR = '', TERM }: Environment,
): boolean {
  return output.isTTY === true && NO_COLOR === '' && TERM !== 'dumb';
}
