import '../../../src/openai/values/parse-json-exactly.ts';

/** The object that a JSON text is of, which is written with its numbers as they stand; an empty text as it is. */
export function objectOf(json: string): unknown {
  if (json === '') return json;
  return JSON.parse(json, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined ? JSON.rawJSON(source) : value,
  );
}
