/**
 * The names of keys. All of them share a hash tag, so that a script may use several of them on a
 * cluster, too.
 */
export type KeySpace = (
  kind: 'budget' | 'cache' | 'probe' | 'rate' | 'repeat' | 'totals',
  ...parts: readonly (string | number)[]
) => string;

export function keySpace(prefix: string): KeySpace {
  return (kind, ...parts) => [`${prefix}{shared}`, kind, ...parts.map(escaped)].join(':');
}

/** Names come from callers; a separator in one must not make it another's key. */
function escaped(part: string | number): string {
  return String(part).replaceAll('%', '%25').replaceAll(':', '%3A');
}
