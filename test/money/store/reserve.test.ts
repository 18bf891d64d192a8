import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { hasReserve, keepReserve, releaseReserve } from '../../../src/money/store/reserve.ts';
import { aDirectory } from '../ledger/support.ts';

describe('the reserve of the disk', () => {
  it('has its size, which may change, and is gone once it is let go of', () => {
    const directory = aDirectory();
    const file = join(directory, 'ledger.reserve');
    keepReserve(directory, 2 ** 21 + 5);
    expect(statSync(file).size).toBe(2 ** 21 + 5);
    const { mtimeMs } = statSync(file);
    keepReserve(directory, 2 ** 21 + 5);
    expect(statSync(file).mtimeMs).toBe(mtimeMs);
    keepReserve(directory, 100);
    expect(statSync(file).size).toBe(100);
    releaseReserve(directory);
    releaseReserve(directory);
    expect(existsSync(file)).toBe(false);
  });

  it('is none where there is no room, or no directory', () => {
    const directory = join(aDirectory(), 'missing');
    keepReserve(directory, 100);
    expect(existsSync(directory)).toBe(false);
  });

  it.each<[string, (path: string) => void]>([
    ['a directory', (path) => mkdirSync(path)],
    ['a FIFO', (path) => execFileSync('mkfifo', [path])],
  ])('is none where %s stands in its place', (_what, put) => {
    const directory = aDirectory();
    put(join(directory, 'ledger.reserve'));
    keepReserve(directory, 100);
    expect(hasReserve(directory)).toBe(false);
  });

  it('of nothing takes nothing', () => {
    const directory = aDirectory();
    keepReserve(directory, 0);
    expect(existsSync(join(directory, 'ledger.reserve'))).toBe(false);
  });
});
