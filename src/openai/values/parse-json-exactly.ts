declare global {
  // Part of ECMAScript since 2025, not yet of the compiler's libraries.
  interface JSON {
    /** An object that JSON.stringify writes as `text`, which must be a JSON primitive. */
    rawJSON(text: string): object;
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
    ): unknown;
  }
}

/** Numbers that a double may not hold: 16 digits or more, or an exponent. */
const SUSPECT_NUMBER = /\d[\d.]{15}|\d[eE]/;

/**
 * Parses JSON so that JSON.stringify writes every number as it stood, beyond 2^53 too. Key order
 * survives, except that JavaScript moves keys that are integers to the front.
 *
 * @throws SyntaxError
 */
export function parseJsonExactly(text: string): unknown {
  if (!SUSPECT_NUMBER.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined ? JSON.rawJSON(source) : value,
  );
}
