/** A JSON Schema that is an object. */
export type Schema = Readonly<Record<string, unknown>>;

/** Where in a schema further schemas stand; what stands elsewhere (`default`, `enum`) is data. */
export interface SchemaKeywords {
  /** Keywords with one schema. */
  readonly one: readonly string[];
  /** Keywords with several, in a list or by name. */
  readonly several: readonly string[];
}

/** What stands directly within a schema at these keywords, by its place below it. */
export function* schemasWithin(
  schema: Schema,
  { one, several }: SchemaKeywords,
): Iterable<readonly [string, unknown]> {
  for (const keyword of one) {
    const child = schema[keyword];
    if (child !== undefined) yield [keyword, child];
  }
  for (const keyword of several) {
    const group = schema[keyword];
    if (typeof group !== 'object' || group === null) continue;
    for (const [name, child] of Object.entries(group)) yield [`${keyword}/${name}`, child];
  }
}
