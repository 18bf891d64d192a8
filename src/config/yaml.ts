import type { LineCounter } from 'yaml';
import { type Document, isScalar, parseDocument, visit, YAMLParseError } from 'yaml';
import { formatPath } from './problems.ts';

/** Largest text, in characters: what takes a second to read. */
const MAX_LENGTH = 1024 * 1024;

/**
 * Reads YAML, which JSON is, too. What is wrong with it stands in `errors`.
 *
 * The parser compares each key with all others of its group, which takes a minute for 50,000 of them: here
 * they are looked up.
 */
export function parseYaml(text: string, lineCounter: LineCounter): Document.Parsed {
  const isLong = text.length > MAX_LENGTH;
  // Pretty errors quote the line, which may hold a secret.
  const document = parseDocument(isLong ? '' : text, {
    prettyErrors: false,
    stringKeys: true,
    uniqueKeys: false,
    lineCounter,
  });
  const complain = (at: number, message: string) =>
    document.errors.push(new YAMLParseError([at, at + 1], 'DUPLICATE_KEY', message));
  if (isLong) complain(0, `it has more than ${MAX_LENGTH} characters`);
  try {
    visit(document, {
      Map(_, { items }) {
        const seen = new Set<unknown>();
        for (const { key } of items) {
          if (!isScalar(key)) continue;
          const again = `the key ${formatPath([String(key.value)])} stands there twice`;
          if (seen.has(key.value)) complain(key.range?.[0] ?? 0, again);
          seen.add(key.value);
        }
      },
    });
  } catch (error) {
    // It is nested deeper than the stack goes, which the parser has told.
    if (!(error instanceof RangeError) || document.errors.length === 0) throw error;
  }
  for (const error of document.errors) {
    if (error.code === 'MULTIPLE_DOCS')
      error.message = 'a second document begins; there must be one';
  }
  document.errors.sort((a, b) => a.pos[0] - b.pos[0]);
  return document;
}
