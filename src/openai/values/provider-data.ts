import { MAX_PROVIDER_DATA_BYTES } from '../../request/validate/handed-back.ts';
import { type JsonRecord, recordOf } from './json-record.ts';

/**
 * What an upstream wants back on the next turn, as the caller keeps it: JSON that names the target it
 * came from. Empty if there is nothing, or more than may be kept.
 */
export function toProviderData(target: string, fields: JsonRecord): string {
  if (Object.keys(fields).length === 0) return '';
  const data = JSON.stringify({ target, ...fields });
  return Buffer.byteLength(data) <= MAX_PROVIDER_DATA_BYTES ? data : '';
}

/** The fields for this target; none if the data is another's, or not ours. */
export function fromProviderData(target: string, data: string | undefined): JsonRecord {
  if (data === undefined || data === '') return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(data);
  } catch {
    return {};
  }
  const { target: origin, ...fields } = recordOf(parsed);
  return origin === target ? fields : {};
}
