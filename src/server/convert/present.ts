/** Empty means absent: a proto3 string without presence. */
export function text(value: string): string | undefined {
  return value === '' ? undefined : value;
}

/** Empty means absent: a repeated field. */
export function list<T>(values: readonly T[]): readonly T[] | undefined {
  return values.length === 0 ? undefined : values;
}

/**
 * Empty means absent: a map field. The copy has no prototype, so that a caller's key such as
 * `constructor` or `__proto__` is a key and nothing else.
 */
export function map<T>(values: Readonly<Record<string, T>>): Record<string, T> | undefined {
  const keys = Object.keys(values);
  if (keys.length === 0) return undefined;
  const copy: Record<string, T> = Object.create(null);
  return Object.assign(copy, values);
}
