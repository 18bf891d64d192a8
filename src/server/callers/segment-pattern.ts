const SYNTAX = /[\\^$.+()[\]{}|/?]/g;

/**
 * A matcher of names in parts, such as SPIFFE ids and names of service accounts: `*` is any run of
 * characters without `/` and `:`, so that it never reaches into the next part.
 */
export function segmentPattern(pattern: string): (name: string) => boolean {
  const source = pattern.replace(SYNTAX, '\\$&').replaceAll('*', '[^/:]*');
  const expression = new RegExp(`^${source}$`, 'u');
  return (name) => expression.test(name);
}
