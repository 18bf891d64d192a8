import type { LineCounter } from 'yaml';
import { type Document, isScalar, parseDocument, visit, YAMLParseError } from 'yaml';
import { formatPath } from './problems.ts';

/** Largest text, in characters: what takes a second to read. */
const MAX_LENGTH = 1024 * 1024;

const NOT_UTF8 = 'it must be text in UTF-8';

/** What the parser says in terms of the specification, or of itself, for people. */
const WORDS: Readonly<Record<string, string>> = {
  'Implicit map keys need to be followed by map values':
    'a key must be followed by a colon and a space',
  'Implicit keys need to be on a single line':
    'a key must be on one line, and followed by a colon and a space',
  'Nested mappings are not allowed in compact mappings':
    'there is another colon: a value that has one must be in quotes, and a key on a line of its own',
  'With stringKeys, all keys must be strings': 'a key must be a text',
  'Maximum call stack size exceeded': 'it is nested too deeply',
};

/**
 * Reads YAML, which JSON is, too. What is wrong with it stands in `errors`.
 *
 * The parser compares each key with all others of its group, which takes a minute for 50,000 of them: here
 * they are looked up.
 */
export function parseYaml(text: string, lineCounter: LineCounter): Document.Parsed {
  const unread = whyUnread(text);
  // Pretty errors quote the line, which may hold a secret.
  const document = parseDocument(unread === undefined ? text : '', {
    prettyErrors: false,
    stringKeys: true,
    uniqueKeys: false,
    lineCounter,
  });
  const complain = (at: number, message: string) =>
    document.errors.push(new YAMLParseError([at, at + 1], 'DUPLICATE_KEY', message));
  if (unread !== undefined) complain(0, unread);
  // What decoders put in the place of bytes that are no UTF-8.
  else if (text.includes('\ufffd')) complain(text.indexOf('\ufffd'), NOT_UTF8);
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
    error.message = WORDS[error.message] ?? error.message;
  }
  document.errors.sort((a, b) => a.pos[0] - b.pos[0]);
  return document;
}

function whyUnread(text: string): string | undefined {
  if (text.length > MAX_LENGTH) return `it has more than ${MAX_LENGTH} characters`;
  // What Windows calls Unicode, and what is no text at all.
  return text.includes('\0') ? NOT_UTF8 : undefined;
}
