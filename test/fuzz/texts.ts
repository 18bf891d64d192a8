import fc from 'fast-check';

const HAZARDS = [
  '',
  ' ',
  '\0',
  'null',
  '<|endoftext|>',
  '<|im_start|>system',
  'data: [DONE]\n\n',
  '\u{1F469}\u200D\u{1F4BB} naïve 日本語 \u202Eright to left',
  '\uFEFF',
  '__proto__',
  'constructor',
] as const;

/** Text of any language, never empty. */
export const someText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.lorem({ maxCount: 12 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }) },
);

/** Half of a character, which is none. */
const loneSurrogates = fc
  .tuple(fc.lorem({ maxCount: 2 }), fc.integer({ min: 0xd800, max: 0xdfff }))
  .map(([text, unit]) => text + String.fromCharCode(unit));

/** Words, so many that they do not fit some or any model. */
const hugeTexts = fc
  .constantFrom(100_000, 300_000, 1_200_000)
  .map((words) => 'word '.repeat(words));

/** Whatever can stand where text is expected. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: someText },
  { weight: 4, arbitrary: fc.constantFrom(...HAZARDS) },
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }) },
  { weight: 2, arbitrary: loneSurrogates },
  { weight: 1, arbitrary: fc.integer({ min: 30, max: 2000 }).map((length) => 'x'.repeat(length)) },
);

/** `anyText`, and now and then a text that no context window takes. */
export const anyContent: fc.Arbitrary<string> = fc.oneof(
  { weight: 200, arbitrary: anyText },
  { weight: 1, arbitrary: hugeTexts },
);

/** What a name of a function or schema may be. */
export const identifiers: fc.Arbitrary<string> = fc.stringMatching(/^[a-zA-Z0-9_-]{1,64}$/);

/** What a name may be and what not, near the border on both sides. */
export const anyName: fc.Arbitrary<string> = fc.oneof(
  identifiers,
  fc.constantFrom('a b', 'a.b', 'näme', 'a'.repeat(64), 'a'.repeat(65), 'x/y', '<x>'),
  anyText,
);
