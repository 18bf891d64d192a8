import { expect, it } from '@jest/globals';
import { parseCertificates } from '../../src/config/ca-file.ts';
import { matchesPattern } from '../../src/core/name-pattern.ts';
import { toUsage } from '../../src/openai/answer/map-usage.ts';
import { ReportedUsage } from '../../src/openai/answer/usage-report.ts';
import { isUri } from '../../src/request/validate/text.ts';
import { cpuMs } from '../support/cpu-ms.ts';

/** A few ms are enough; what takes time for the square of its length takes many seconds. */
const MAX_MS = 200;

it.each<[string, () => void]>([
  [
    'a count of an upstream that is a text of digits, and then of another letter',
    () => new ReportedUsage((raw) => toUsage(raw as object)).add({ x: `${'1'.repeat(200_000)}x` }),
  ],
  [
    'a CA file of certificates that begin and never end',
    () => {
      const file = '-----BEGIN CERTIFICATE-----\n'.repeat(20_000);
      expect(() => parseCertificates(file)).toThrow('holds no certificate');
    },
  ],
  [
    'a name that fits a pattern of many runs but for its end',
    () => expect(matchesPattern('*a*a*a*a*b', 'a'.repeat(512))).toBe(false),
  ],
  ['an address of 20 MB', () => expect(isUri(`https://${'@'.repeat(20_000_000)}`)).toBe(false)],
])('is read in time for its length: %s', (_what, read) => {
  expect(cpuMs(read)).toBeLessThan(MAX_MS);
});
