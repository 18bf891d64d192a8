import { EXPORT_COLUMNS, type ExportRow } from './export-rows.ts';

export const EXPORT_FORMATS = ['jsonl', 'csv'] as const;

export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Characters that are put together before they are written. */
const CHUNK_LENGTH = 2 ** 16;

/** The rows as text, piece by piece. */
export function* exportText(rows: Iterable<ExportRow>, format: ExportFormat): Generator<string> {
  const lineOf = format === 'csv' ? csvLine : jsonLine;
  let text = format === 'csv' ? `${EXPORT_COLUMNS.join(',')}\r\n` : '';
  for (const row of rows) {
    text += lineOf(row);
    if (text.length < CHUNK_LENGTH) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

function jsonLine(row: ExportRow): string {
  return `${JSON.stringify(row)}\n`;
}

/** RFC 4180. */
function csvLine(row: ExportRow): string {
  return `${EXPORT_COLUMNS.map((column) => csvField(row[column])).join(',')}\r\n`;
}

/**
 * Callers choose users, projects and models, and spreadsheets take text that begins like this for a
 * formula: an apostrophe makes it text (OWASP, CSV injection).
 */
const FORMULA = /^[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]/;

function csvField(value: ExportRow[keyof ExportRow]): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  // More than RFC 4180 asks for: in some countries a semicolon separates fields.
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
