/**
 * The names of keys. All of them share a hash tag, so that a script may use several of them on a
 * cluster, too.
 */
export type KeySpace = (
  kind: 'budget' | 'cache' | 'leases' | 'probe' | 'rate' | 'repeat' | 'totals',
  ...parts: readonly (string | number)[]
) => string;

export function keySpace(prefix: string): KeySpace {
  return (kind, ...parts) => [`${prefix}{shared}`, kind, ...parts.map(escaped)].join(':');
}

/** The kind of a key of `keySpace(prefix)`, and its parts. */
export function partsOf(key: string, prefix: string): readonly string[] {
  const start = keySpace(prefix)('totals').length - 'totals'.length;
  return key.slice(start).split(':').map(decodeURIComponent);
}

/** Names come from callers; a separator in one must not make it another's key. */
function escaped(part: string | number): string {
  return String(part).replaceAll('%', '%25').replaceAll(':', '%3A');
}
