import { describe, expect, it } from '@jest/globals';
import { parseJsonExactly } from '../../../src/openai/values/parse-json-exactly.ts';

describe('parseJsonExactly', () => {
  it.each([
    '{"z":1,"a":{"y":[1,2.5],"b":null}}',
    '{"maximum":9007199254740993,"minimum":-18446744073709551616}',
    '{"multipleOf":0.1234567890123456789,"maximum":1e400,"default":1.50}',
    '{"const":"9007199254740993","__proto__":{"x":12345678901234567890}}',
  ])('writes %s as it stood', (text) => {
    expect(JSON.stringify(parseJsonExactly(text))).toBe(text);
  });

  it('refuses what is not JSON', () => {
    expect(() => parseJsonExactly('{')).toThrow(SyntaxError);
    expect(() => parseJsonExactly('{"a":12345678901234567890')).toThrow(SyntaxError);
  });
});
