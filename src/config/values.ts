/** What is known of a value before the schema has seen it, or although the schema refused it. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text that says something. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
