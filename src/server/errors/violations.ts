import type { FieldViolation } from '../../core/errors.ts';
import { BadRequest, type BadRequest_FieldViolation } from '../../gen/google/rpc/error_details.ts';
import { statusText } from './text.ts';

const MAX_FIELD_BYTES = 256;
const MAX_DESCRIPTION_BYTES = 256;

/** Kept free for the entry that counts those left out, in bytes. */
const MORE_BYTES = 32;

/**
 * The first violations, as many as take at most `room` bytes on the wire. If some are left out, here or
 * before (`more`), a last entry without a field says how many: "17 more". The first one is always kept.
 */
export function fitFieldViolations(
  violations: readonly FieldViolation[],
  room: number,
  more = 0,
): BadRequest_FieldViolation[] {
  const fitted: BadRequest_FieldViolation[] = [];
  let used = 0;
  for (const { field, description } of violations) {
    const left = violations.length - fitted.length + more;
    const entry = fieldViolation(
      statusText(field, MAX_FIELD_BYTES),
      statusText(description, MAX_DESCRIPTION_BYTES),
    );
    used += BadRequest.encode({ fieldViolations: [entry] }).finish().length;
    const reserved = left === 1 ? 0 : MORE_BYTES;
    if (fitted.length > 0 && used + reserved > room) {
      return [...fitted, fieldViolation('', `${left} more`)];
    }
    fitted.push(entry);
  }
  return more === 0 ? fitted : [...fitted, fieldViolation('', `${more} more`)];
}

function fieldViolation(field: string, description: string): BadRequest_FieldViolation {
  return { field, description, reason: '', localizedMessage: undefined };
}
