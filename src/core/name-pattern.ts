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
  const source = pattern.replace(SYNTAX, '\\$&').replaceAll('*', '.*').replaceAll('?', '.');
  const expression = new RegExp(`^${source}$`, 'su');
  return (name) => expression.test(name);
}

/** Finds the first of what is configured for models that fits a call's, by its id or by what the caller wrote. */
export function ownOf<T extends { readonly pattern: string }>(
  configured: readonly T[],
): (call: Pick<Call, 'target' | 'model'>) => T | undefined {
  const all = configured.map((own) => ({ own, fits: patternMatcher(own.pattern) }));
  return ({ target, model }) => all.find(({ fits }) => fits(target.model.id) || fits(model))?.own;
}
