import { execFileSync } from 'node:child_process';
import { expect, it } from '@jest/globals';
import { TIER_UP } from '../src/tier-up.ts';

it.each(Object.entries(TIER_UP))(
  '--%s=%i is sooner than what V8 does by default',
  (flag, count) => {
    const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
    const [, byDefault] = new RegExp(`default: --${flag}=(\\d+)$`, 'm').exec(known) ?? [];
    expect(Number(byDefault)).toBeGreaterThan(count);
  },
);
