import type { Call } from './call.ts';

/** Characters with a meaning of their own in a regular expression, except for the two of patterns. */
const SYNTAX = /[\\^$.+()[\]{}|/]/g;

/** By pattern. Patterns come from the configuration, so there is an end of them. */
const matchers = new Map<string, (name: string) => boolean>();

/** Whether `name` fits `pattern`, in which `*` is any run of characters and `?` any one. */
export function matchesPattern(pattern: string, name: string): boolean {
  let matcher = matchers.get(pattern);
  if (matcher === undefined) {
    matcher = patternMatcher(pattern);
    matchers.set(pattern, matcher);
  }
  return matcher(name);
}

/** The same for whoever keeps it. */
export function patternMatcher(pattern: string): (name: string) => boolean {
  if (pattern === '*') return () => true;
  const pieces = pattern.split('*').map((piece) => literally(piece).replaceAll('?', '.'));
  const expression = new RegExp(withRuns(pieces, '.'), 'su');
  return (name) => expression.test(name);
}

/** An expression that finds this text. */
export function literally(text: string): string {
  return text.replace(SYNTAX, '\\$&');
}

/**
 * An expression of pieces with runs of characters between them. A piece in the middle is taken where it is found
 * first, which is as good as any later place, and never looked for again: otherwise a name that fits almost takes time
 * for a power of its length.
 *
 * @param run any character of a run
 */
export function withRuns([first = '', ...others]: readonly string[], run: string): string {
  const last = others.pop();
  if (last === undefined) return `^${first}$`;
  const middle = others.map((piece, index) => `(?=(${run}*?${piece}))\\${index + 1}`);
  return `^${first}${middle.join('')}${run}*${last}$`;
}

/** Finds the first of what is configured for models that fits a call's, by its id or by what the caller wrote. */
export function ownOf<T extends { readonly pattern: string }>(
  configured: readonly T[],
): (call: Pick<Call, 'target' | 'model'>) => T | undefined {
  const all = configured.map((own) => ({ own, fits: patternMatcher(own.pattern) }));
  return ({ target, model }) => all.find(({ fits }) => fits(target.model.id) || fits(model))?.own;
}
