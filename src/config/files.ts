import { LineCounter } from 'yaml';
import type { Report } from './problems.ts';
import { codeOf } from './system-code.ts';
import { parseYaml } from './yaml.ts';

/** Reads a file as UTF-8. Throws what node:fs throws. */
export type ReadFile = (path: string) => string;

/** Problems of one file that are told. */
const MAX_COMPLAINTS = 20;

/** What a YAML file says; an empty one says `{}`. Undefined if it was reported instead. */
export function readYaml(file: string, readFile: ReadFile, report: Report): unknown {
  const fail = (message: string) => void report({ path: file, message, source: file });
  const text = readText(file, readFile, fail);
  if (text === undefined) return undefined;
  const lineCounter = new LineCounter();
  const document = parseYaml(text, lineCounter);
  const complaints = [...document.errors, ...document.warnings];
  for (const { pos, message } of complaints.slice(0, MAX_COMPLAINTS)) {
    const { line, col } = lineCounter.linePos(pos[0]);
    fail(`line ${line}, column ${col}: ${withoutQuote(message)}`);
  }
  const more = complaints.length - MAX_COMPLAINTS;
  if (more > 0) fail(`and ${more} more like these`);
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
    fail(`the file cannot be read (${codeOf(error) ?? 'unknown error'})`);
    return undefined;
  }
}

/** The parser appends the text it stumbled over as a JSON string. */
function withoutQuote(message: string): string {
  return message.replace(/: ".*"$/s, '');
}
