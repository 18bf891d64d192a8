/** An object of unknown make, as it comes out of JSON.parse. */
export type JsonRecord = Readonly<Record<string, unknown>>;

const EMPTY: JsonRecord = Object.freeze({});

/** `value` if it has properties to look at, else an empty record. */
export function recordOf(value: unknown): JsonRecord {
  return typeof value === 'object' && value !== null ? (value as JsonRecord) : EMPTY;
}

/** A fact beside the answer: a server that gets its type wrong has not failed the call. */
export function stringOr(value: unknown): string {
  return typeof value === 'string' ? value.toWellFormed() : '';
}

/** What holds nothing to read, whatever it should hold. */
export function isNothing(value: unknown): boolean {
  return value == null || value === '' || (Array.isArray(value) && value.length === 0);
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text that says something. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
