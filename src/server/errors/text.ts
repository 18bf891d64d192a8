/** Every control character and line break: they garble logs and terminals, and nothing needs them. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}]/gu;

const encoder = new TextEncoder();

/**
 * Text that is safe in a status: well-formed, on one line, and at most `maxBytes` long in UTF-8,
 * cut between code points. A lone surrogate would make grpc-js throw while it percent-encodes the
 * message, and the caller would wait for a status for ever.
 */
export function statusText(text: string, maxBytes: number): string {
  // A UTF-16 unit takes at least a byte. If this cuts a pair in two, its half does not fit either.
  const plain = text.slice(0, maxBytes).toWellFormed().replace(UNPRINTABLE, ' ');
  const { read } = encoder.encodeInto(plain, new Uint8Array(maxBytes));
  return plain.slice(0, read);
}
