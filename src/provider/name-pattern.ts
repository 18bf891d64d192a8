/** Characters with a meaning of their own in a regular expression, except for the two of patterns. */
const SYNTAX = /[\\^$.+()[\]{}|/]/g;

/** Whether `name` fits `pattern`, in which `*` is any run of characters and `?` any one. */
export function matchesPattern(pattern: string, name: string): boolean {
  return patternMatcher(pattern)(name);
}

/** The same for many names, without making the regular expression anew for each. */
export function patternMatcher(pattern: string): (name: string) => boolean {
  if (pattern === '*') return () => true;
  const source = pattern.replace(SYNTAX, '\\$&').replaceAll('*', '.*').replaceAll('?', '.');
  const expression = new RegExp(`^${source}$`, 'su');
  return (name) => expression.test(name);
}
