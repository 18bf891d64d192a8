import type { Annotation } from '../../core/events.ts';
import { type JsonRecord, recordOf } from '../values/json-record.ts';

/**
 * What an upstream says of where a piece of text comes from; undefined if it says nothing. It counts in
 * code points of one part of the text.
 *
 * @param offset code points of the answer's text before the part
 */
export function toAnnotation(raw: unknown, offset: number): Annotation | undefined {
  const fields = recordOf(raw);
  const kind = textOf(fields, 'type');
  if (kind === '') return undefined;
  // Of a file only one place is told: where its mark stands.
  const start = countOf(fields, 'start_index', 'index') ?? 0;
  const end = Math.max(countOf(fields, 'end_index') ?? start, start);
  const fileId = textOf(fields, 'file_id');
  const containerId = textOf(fields, 'container_id');
  return {
    kind,
    url: textOf(fields, 'url'),
    title: textOf(fields, 'title', 'filename') || fileId,
    start: offset + start,
    end: offset + end,
    ...(fileId !== '' && { fileId }),
    ...(containerId !== '' && { containerId }),
  };
}

/** More than any text has: the wire's counts are int32. */
const MAX_PLACE = 2 ** 30;

function countOf(fields: JsonRecord, ...names: readonly string[]): number | undefined {
  for (const name of names) {
    const value = fields[name];
    if (Number.isSafeInteger(value) && (value as number) >= 0) {
      return Math.min(value as number, MAX_PLACE);
    }
  }
  return undefined;
}

function textOf(fields: JsonRecord, ...names: readonly string[]): string {
  for (const name of names) {
    const value = fields[name];
    if (typeof value === 'string' && value !== '') return value.toWellFormed();
  }
  return '';
}
