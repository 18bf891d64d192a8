/** `T` with every property that may be undefined made optional instead. */
type Present<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The properties that have a value: what is undefined is left out. */
export function present<T extends object>(properties: T): Present<T> {
  const kept: Partial<T> = {};
  for (const name in properties) {
    const value = properties[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept as unknown as Present<T>;
}

/** `value`, unless there is nothing in it. */
export function unlessEmpty<T extends { readonly length: number }>(
  value: T | undefined,
): T | undefined {
  return value !== undefined && value.length > 0 ? value : undefined;
}
