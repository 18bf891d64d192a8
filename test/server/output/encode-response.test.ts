import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SendMessageResponse } from '../../../src/gen/tamma/provider/v1/provider.ts';
import { serializeSendMessageResponse } from '../../../src/server/output/encode-response.ts';
import { codePoint } from '../../support/code-points.ts';
import { fewOrMany } from '../../support/long.ts';

function textDelta(sequence: number, text: string, outputTokensSoFar: number): SendMessageResponse {
  const value = { text, outputTokensSoFar, phase: '' };
  return { sequence, event: { $case: 'textDelta', value } };
}

function expectGenerated(message: SendMessageResponse): void {
  const generated = SendMessageResponse.encode(message).finish();
  // compare() and not toEqual, which would take minutes for the long ones.
  expect(serializeSendMessageResponse(message).compare(generated)).toBe(0);
}

const count = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  fc.constantFrom(0, 1, 127, 128, 16383, 16384, 2 ** 21, 2 ** 28 - 1, 2 ** 28, 2 ** 31 - 1),
);

/** UTF-16 units of every kind, so that lone surrogates occur. */
const anyUnits = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 80 })
  .map((units) => String.fromCharCode(...units));

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.string({ unit: codePoint, maxLength: 200 }),
  anyUnits,
);

describe('a text delta', () => {
  it('is encoded byte for byte as by the generated encoder', () => {
    fc.assert(
      fc.property(count, anyText, count, (sequence, text, tokens) => {
        expectGenerated(textDelta(sequence, text, tokens));
      }),
      { numRuns: fewOrMany(100, 2000) },
    );
  });

  it.each(['a', 'é', '€', '😀', '\ud83d', '\udc4d'])(
    'of many %j is encoded alike around each length of the length',
    (unit) => {
      const edges = [0, 117, 120, 123, 127, 128, 16_370, 16_380, 16_383, 16_384, 2 ** 21];
      const bytes = Buffer.byteLength(unit);
      for (const edge of edges) {
        // The largest takes almost all of the time.
        const extras = edge === 2 ** 21 ? fewOrMany(1, 5) : 5;
        for (let extra = 0; extra < extras; extra += 1) {
          const text = unit.repeat(Math.floor(edge / bytes) + extra);
          expectGenerated(textDelta(1, text, 1));
          expectGenerated(textDelta(1, `${text}x`, 0));
        }
      }
    },
  );

  it('is valid UTF-8 even if it ends within a surrogate pair', () => {
    const bytes = serializeSendMessageResponse(textDelta(1, 'ab\ud83d', 1));
    expect(SendMessageResponse.decode(bytes)).toEqual(textDelta(1, 'ab\ufffd', 1));
  });

  it('keeps its bytes while others are encoded', () => {
    const texts = Array.from({ length: 2000 }, (_, i) => `delta ${i} `.repeat((i % 7) + 1));
    const encoded = texts.map((text, i) => serializeSendMessageResponse(textDelta(i, text, i)));
    expect(encoded.map((bytes) => SendMessageResponse.decode(bytes))).toEqual(
      texts.map((text, i) => textDelta(i, text, i)),
    );
  });

  it.each([-1, -(2 ** 31)])('with the number %p takes the ten bytes that it needs', (number) => {
    expectGenerated(textDelta(number, 'x', 1));
    expectGenerated(textDelta(1, 'x', number));
  });

  it.each([2 ** 31, 0.5, Number.NaN])('with the number %p is refused', (number) => {
    expect(() => serializeSendMessageResponse(textDelta(number, 'x', 1))).toThrow('int32');
    expect(() => serializeSendMessageResponse(textDelta(1, 'x', number))).toThrow('int32');
  });
});

it.each<SendMessageResponse>([
  { sequence: 1, event: undefined },
  { sequence: 2, event: { $case: 'reasoningDelta', value: { text: 'hm' } } },
  { sequence: 3, event: { $case: 'attemptReset', value: { attempt: 2, reason: 14 } } },
])('leaves the message %j to the generated encoder', (message) => {
  expectGenerated(message);
  expect(Buffer.isBuffer(serializeSendMessageResponse(message))).toBe(true);
});
