import { LineCounter, parseDocument } from 'yaml';
import type { Report } from './problems.ts';

/** Reads a file as UTF-8. Throws what node:fs throws. */
export type ReadFile = (path: string) => string;

/** What a YAML file says; an empty one says `{}`. Undefined if it was reported instead. */
export function readYaml(file: string, readFile: ReadFile, report: Report): unknown {
  const fail = (message: string) => void report({ path: file, message, source: file });
  const text = readText(file, readFile, fail);
  if (text === undefined) return undefined;
  const lineCounter = new LineCounter();
  // Pretty errors quote the line, which may hold a secret.
  const document = parseDocument(text, { prettyErrors: false, stringKeys: true, lineCounter });
  const complaints = [...document.errors, ...document.warnings];
  for (const { pos, message } of complaints) {
    const { line, col } = lineCounter.linePos(pos[0]);
    fail(`line ${line}, column ${col}: ${withoutQuote(message)}`);
  }
  if (complaints.length > 0) return undefined;
  try {
    return document.toJS() ?? {};
  } catch {
    return fail('an alias is unknown, or aliases expand to too much');
  }
}

/** The text of a file, or undefined once `fail` was told why it cannot be had. */
export function readText(
  file: string,
  readFile: ReadFile,
  fail: (message: string) => void,
): string | undefined {
  try {
    return readFile(file);
  } catch (error) {
    const hasCode = typeof error === 'object' && error !== null && 'code' in error;
    fail(`the file cannot be read (${hasCode ? error.code : 'unknown error'})`);
    return undefined;
  }
}

/** The parser appends the text it stumbled over as a JSON string. */
function withoutQuote(message: string): string {
  return message.replace(/: ".*"$/s, '');
}
