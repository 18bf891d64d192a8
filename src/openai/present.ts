type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The fields that have a value: what the caller left out stays out of the request. */
export function present<T extends object>(fields: T): Present<T> {
  const kept: Present<T> = {};
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined) kept[name] = value as Present<T>[typeof name];
  }
  return kept;
}

/** `value`, unless there is nothing in it. */
export function unlessEmpty<T extends { readonly length: number }>(
  value: T | undefined,
): T | undefined {
  return value !== undefined && value.length > 0 ? value : undefined;
}
