import { exceedsBytes } from './text.ts';

/** Larger than any schema that a model reads; one as large takes a tenth of a second to check. */
const MAX_BYTES = 256 * 1024;

/** Deeper than any schema; far from where serializing it would exhaust the stack. */
export const MAX_DEPTH = 128;

/** Why `text` is not JSON of an object that can be sent on, undefined if it is. Too large, it is not read. */
export function jsonObjectProblem(text: string): string | undefined {
  if (exceedsBytes(text, MAX_BYTES)) return 'must be at most 256 KiB';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'must be valid JSON';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return 'must be a JSON object';
  }
  if (isDeeperThan(value, MAX_DEPTH)) return `must not be nested more than ${MAX_DEPTH} levels`;
  return text.isWellFormed() ? undefined : 'must be well-formed Unicode without lone surrogates';
}

/** Whether objects and lists of a JSON value are nested in more levels than that. */
export function isDeeperThan(value: object, levels: number): boolean {
  if (levels === 0) return true;
  return Object.values(value).some(
    (child) => typeof child === 'object' && child !== null && isDeeperThan(child, levels - 1),
  );
}
