import { isUtf8 } from 'node:buffer';
import type { FieldViolation } from '../../core/errors.ts';
import type { RequestShape, ShapedField } from './request-shape.ts';

/**
 * Elements of one kind in a request: messages, parts of all messages, tools. No model's window holds as
 * many, and each of them becomes an object although it may take two bytes on the wire.
 */
export const MAX_ELEMENTS = 16_384;

/** Fields of a request, whatever they are: a second of decoding. */
export const MAX_FIELDS = 1_048_576;

const TOO_MANY_FIELDS = {
  field: 'request',
  description: `must be at most ${MAX_FIELDS} fields`,
} as const;

/** The decoder would put other characters in the place of what is not. */
const NOT_UTF8 = 'must be UTF-8';

/** Why a request is not decoded. */
export type Oversize = FieldViolation | 'malformed';

/** The kinds of values on the wire. Groups are not among them: proto3 has none. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/**
 * Why a request is not to be decoded, for its size or for a text that is none, undefined if it is.
 * Looks at tags, lengths and texts alone, and is stricter than the decoder about what is well-formed, so that the decoder never finds
 * more than was counted here.
 */
export function oversizeOf(bytes: Uint8Array, shape: RequestShape): Oversize | undefined {
  return new Walk(bytes).message(0, bytes.length, shape);
}

/** One walk over the bytes of a request. */
class Walk {
  readonly #bytes: Uint8Array;
  readonly #counts: number[] = [];
  #fields = 0;
  #at = 0;
  /** Whether a number was cut off by the end of what it stands in. */
  #cut = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  message(start: number, end: number, shape: RequestShape): Oversize | undefined {
    this.#at = start;
    while (this.#at < end) {
      this.#fields += 1;
      if (this.#fields > MAX_FIELDS) return TOO_MANY_FIELDS;
      const tag = this.#varint(end);
      const number = tag >>> 3;
      // There is no field 0: the decoder takes it for the end, and would leave out what stands behind it.
      if (number === 0) return 'malformed';
      const field = shape.get(number);
      const problem = this.#value(tag & 7, end, field);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  #value(type: number, end: number, field: ShapedField | undefined): Oversize | undefined {
    switch (type) {
      case VARINT:
        this.#varint(end);
        break;
      case FIXED64:
        this.#at += 8;
        break;
      case FIXED32:
        this.#at += 4;
        break;
      case LENGTH_DELIMITED:
        return this.#delimited(end, field);
      default:
        return 'malformed';
    }
    if (this.#cut || this.#at > end) return 'malformed';
    return field?.counted ? this.#count(field, 1) : undefined;
  }

  /** A text, bytes, a message, or a run of numbers. */
  #delimited(end: number, field: ShapedField | undefined): Oversize | undefined {
    const length = this.#varint(end);
    const start = this.#at;
    const stop = start + length;
    if (this.#cut || stop > end) return 'malformed';
    this.#at = stop;
    if (field === undefined) return undefined;
    if (field.text && !isUtf8(this.#bytes.subarray(start, stop))) {
      return { field: field.path, description: NOT_UTF8 };
    }
    const excess = field.counted ? this.#count(field, field.packable ? length : 1) : undefined;
    if (excess !== undefined || field.shape === undefined) return excess;
    const problem = this.message(start, stop, field.shape);
    this.#at = stop;
    return problem;
  }

  #count({ index, path }: ShapedField, elements: number): Oversize | undefined {
    const count = (this.#counts[index] ?? 0) + elements;
    this.#counts[index] = count;
    return count > MAX_ELEMENTS
      ? { field: path, description: `must be at most ${MAX_ELEMENTS}` }
      : undefined;
  }

  /** The lower 32 bits of a number of at most ten bytes, as the decoder reads tags and lengths. */
  #varint(end: number): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at >= end) break;
      const byte = this.#bytes[this.#at++] as number;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    this.#cut = true;
    return 0;
  }
}
