import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { plainName, upstreamWords } from '../../../src/openai/values/upstream-text.ts';
import { hideSecret } from '../../../src/telemetry/secrets.ts';

describe('upstreamWords', () => {
  it.each([
    [
      'Incorrect API key provided: my-own-key. See there.',
      'Incorrect API key provided: [redacted]. See there.',
    ],
    ['Received API Key = sk-...GTNw, so no.', 'Received API Key = [redacted], so no.'],
    ['token sk-proj-abcdefgh12345678 refused', 'token [redacted] refused'],
    ['Authorization: Bearer abc.def refused', 'Authorization: [redacted] refused'],
    ['gsk_abcdefghij0123456789abcd is wrong', '[redacted] is wrong'],
    ['AIzaSyA-abcdefghij0123456789 is wrong', '[redacted] is wrong'],
    ['na***ys is wrong', '[redacted] is wrong'],
    ['0123456789abcdef0123456789abcdef is wrong', '[redacted] is wrong'],
    ['eyJhbGciOiJIUzI1NiJ9abc.eyJzdWIiOiIxMjM0NTY3ODkwIn0.x', '[redacted].[redacted].x'],
    ['two\nlines\tand\u0000more\u2028', 'two lines and more'],
    ['a lone \ud800 half', 'a lone \ufffd half'],
  ])('makes of %j', (said, shown) => {
    expect(upstreamWords(said)).toBe(shown);
  });

  it.each([
    'The model `accounts/fireworks/models/llama-v3p1-405b-instruct` does not exist.',
    'Request 550e8400-e29b-41d4-a716-446655440000 failed after 12.5 s.',
    "This model's maximum context length is 131072 tokens.",
    'gpt-4o-mini-2024-07-18 takes no images',
  ])('leaves %j as it is', (said) => {
    expect(upstreamWords(said)).toBe(said);
  });

  it('is at most 512 bytes of whole characters', () => {
    const shown = upstreamWords('ä€😀 '.repeat(200));
    expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(512);
    expect(Buffer.byteLength(shown)).toBeGreaterThan(504);
    expect(shown.isWellFormed()).toBe(true);
  });

  it('shows no part of a known key, wherever it stands and whatever is cut', () => {
    const key = 'Tz-Qx-Wv-Ky-Jh-Gf';
    hideSecret(key);
    fc.assert(
      fc.property(fc.nat(2_000), fc.nat(2_000), (before, after) => {
        const shown = upstreamWords(`${'é '.repeat(before)}${key}${' é'.repeat(after)}`);
        expect(shown).not.toContain('Tz-');
      }),
    );
  });
});

describe('plainName', () => {
  it.each(['gpt-5', 'accounts/x/models/y', 'C:\\models\\a b.gguf', 'モデル'])(
    'takes %j',
    (name) => {
      expect(plainName(name)).toBe(name);
    },
  );

  it.each(['', 'x'.repeat(257), 'a\nb', 'gpt sk-abcdefgh1234', 'half \ud800'])(
    'takes %j for no name',
    (name) => {
      expect(plainName(name)).toBeUndefined();
    },
  );
});
