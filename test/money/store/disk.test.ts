import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { Disk, fullness } from '../../../src/money/store/disk.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { describeWithDisk, SmallDisk } from '../../support/small-disk.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

describeWithDisk('a small disk', () => {
  it('is known from the start, and looked at again after 5 s', async () => {
    const small = SmallDisk.mount(8);
    if (small === undefined) throw new Error('It could be mounted a moment ago.');
    try {
      const clock = new FakeClock();
      const disk = new Disk(small.path, clock);
      expect(disk.space).toEqual({ freeBytes: 8 * MIB, sizeBytes: 8 * MIB });
      small.fill();
      clock.advance(4_999);
      expect(disk.space?.freeBytes).toBe(8 * MIB);
      clock.advance(1);
      while (disk.space?.freeBytes !== 0) await new Promise(setImmediate);
    } finally {
      small.unmount();
    }
  });
});

it('is not known where there is no directory any more', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'disk-'));
  const clock = new FakeClock();
  const disk = new Disk(directory, clock);
  expect(disk.space?.sizeBytes).toBeGreaterThan(0);
  rmSync(directory, { recursive: true });
  clock.advance(5_000);
  while (disk.space !== undefined) await new Promise(setImmediate);
  expect(new Disk(directory, clock).space).toBeUndefined();
});

it('is almost full when less than a tenth is free, and less than 1 GiB', () => {
  expect(fullness({ freeBytes: 99 * MIB, sizeBytes: 1_000 * MIB })).toBe(
    'Its disk is almost full: 99 of 1,000 MiB are free.',
  );
  expect(fullness({ freeBytes: 100 * MIB, sizeBytes: 1_000 * MIB })).toBeUndefined();
  expect(fullness({ freeBytes: GIB, sizeBytes: 1_000 * GIB })).toBeUndefined();
  expect(fullness({ freeBytes: GIB - 1, sizeBytes: 1_000 * GIB })).toMatch(/^Its disk/);
});
