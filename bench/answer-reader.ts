import { STAMP_DIGITS } from '../test/support/upstream/index.ts';

/**
 * Reads what a bench needs of a SendMessageResponse and no more: a full decoder would take as long as
 * the sidecar takes to relay the message.
 */

const TAG_SEQUENCE = 0x08;
const TAG_TEXT_DELTA = 0x1a;
const TAG_TEXT = 0x0a;

const DIGIT_0 = 0x30;

/** The text of a text delta as a range of `bytes`; undefined for every other event. */
export function textRange(bytes: Buffer, start: number): { from: number; to: number } | undefined {
  let at = start;
  if (bytes[at] === TAG_SEQUENCE) at = afterVarint(bytes, at + 1);
  if (bytes[at] !== TAG_TEXT_DELTA) return undefined;
  at = afterVarint(bytes, at + 1);
  if (bytes[at] !== TAG_TEXT) return undefined;
  const from = afterVarint(bytes, at + 1);
  return { from, to: from + varint(bytes, at + 1) };
}

/** The time stamp that opens a delta of the stub, in µs. */
export function stampAt(bytes: Buffer, from: number): number {
  let value = 0;
  for (let at = from; at < from + STAMP_DIGITS; at += 1) {
    value = value * 10 + (bytes[at] ?? DIGIT_0) - DIGIT_0;
  }
  return value;
}

function afterVarint(bytes: Buffer, start: number): number {
  let at = start;
  while ((bytes[at] ?? 0) > 0x7f) at += 1;
  return at + 1;
}

function varint(bytes: Buffer, start: number): number {
  let value = 0;
  for (let at = start, scale = 1; ; at += 1, scale *= 128) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte <= 0x7f) return value;
  }
}
