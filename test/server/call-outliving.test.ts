import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';

/** What came last may stand somewhere until something else comes. */
const LATEST = 6;

it('leaves no inside of calls that V8 does not collect before it looks through all its memory', async () => {
  const script = join(__dirname, 'call-outliving.ts');
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script]);
  const [calls, left] = JSON.parse(stdout);
  expect(calls).toBe(90);
  expect(left).toBeLessThanOrEqual(LATEST);
});
