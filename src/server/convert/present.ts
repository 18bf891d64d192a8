/** `T` with every property that may be undefined made optional instead. */
type Present<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The properties that have a value: what proto3 cannot leave out becomes absent in the domain. */
export function present<T extends object>(properties: T): Present<T> {
  const kept: Partial<T> = {};
  for (const name in properties) {
    const value = properties[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept as unknown as Present<T>;
}

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
