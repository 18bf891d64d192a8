import { LineCounter } from 'yaml';
import type { Report } from './problems.ts';
import { codeOf } from './system-code.ts';
import { parseYaml } from './yaml.ts';

/** Reads a file as UTF-8. Throws what node:fs throws. */
export type ReadFile = (path: string) => string;

/** Problems of one file that are told. */
const MAX_COMPLAINTS = 20;

/** What a text of YAML says, or what is wrong with it. */
type Reading = { readonly value: unknown } | { readonly complaints: readonly string[] };

/**
 * The text that was read last. A file that is refused is read again and again, and garbage of a mebibyte takes
 * seconds to parse.
 */
let last: { readonly text: string; readonly reading: Reading } | undefined;

/** What a YAML file says; an empty one says `{}`. Undefined if it was reported instead. */
export function readYaml(file: string, readFile: ReadFile, report: Report): unknown {
  const fail = (message: string) => void report({ path: file, message, source: file });
  const text = readText(file, readFile, fail);
  if (text === undefined) return undefined;
  const reading = last?.text === text ? last.reading : readingOf(text);
  last = { text, reading };
  if ('value' in reading) return structuredClone(reading.value);
  reading.complaints.forEach(fail);
  return undefined;
}

function readingOf(text: string): Reading {
  const lineCounter = new LineCounter();
  const document = parseYaml(text, lineCounter);
  const found = [...document.errors, ...document.warnings];
  const complaints = found.slice(0, MAX_COMPLAINTS).map(({ pos, message }) => {
    const { line, col } = lineCounter.linePos(pos[0]);
    return `line ${line}, column ${col}: ${withoutQuote(message)}`;
  });
  const more = found.length - MAX_COMPLAINTS;
  if (more > 0) complaints.push(`and ${more} more like these`);
  if (complaints.length > 0) return { complaints };
  try {
    return { value: document.toJS() ?? {} };
  } catch {
    return { complaints: ['an alias is unknown, or aliases expand to too much'] };
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
