import fc from 'fast-check';

/**
 * Any character but half of a surrogate pair. As a unit of fc.string it is what 'binary' is, which
 * takes more than a second to be set up.
 */
export const codePoint = fc
  .oneof(fc.integer({ max: 0xd7ff, min: 0 }), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((code) => String.fromCodePoint(code));
