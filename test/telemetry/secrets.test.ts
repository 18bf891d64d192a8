import { describe, expect, it } from '@jest/globals';
import { hideSecret, holdsSecret, withoutSecrets } from '../../src/telemetry/secrets.ts';

describe('secrets', () => {
  it("are known by the form of OpenAI's keys and of bearer tokens", () => {
    expect(withoutSecrets('key sk-abcdefgh1 in Authorization: Bearer whatever.it-is!')).toBe(
      'key [redacted] in Authorization: [redacted]',
    );
    expect(holdsSecret('sk-abcdefgh1')).toBe(true);
    expect(holdsSecret('an ordinary word')).toBe(false);
  });

  it('are known by value once they are hidden, whatever they look like', () => {
    hideSecret('gsk_0123456789');
    expect(holdsSecret('x gsk_0123456789 y')).toBe(true);
    expect(withoutSecrets('x gsk_0123456789 y gsk_0123456789')).toBe('x [redacted] y [redacted]');
  });

  it('are not hidden where they are so short that ordinary words hold them', () => {
    hideSecret('ab');
    expect(withoutSecrets('abc')).toBe('abc');
  });
});
