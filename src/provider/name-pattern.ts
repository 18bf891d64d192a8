/** Characters with a meaning of their own in a regular expression, except for the two of patterns. */
const SYNTAX = /[\\^$.+()[\]{}|/]/g;

/** Whether `name` fits `pattern`, in which `*` is any run of characters and `?` any one. */
export function matchesPattern(pattern: string, name: string): boolean {
  const source = pattern.replace(SYNTAX, '\\$&').replaceAll('*', '.*').replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'su').test(name);
}
