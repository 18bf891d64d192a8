import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWhere } from './describe-where.ts';

/** Tests that fill a disk of their own. Where none can be mounted they are left out, and say so. */
export function describeWithDisk(what: string, tests: () => void): void {
  const trial = SmallDisk.mount(1);
  trial?.unmount();
  describeWhere(trial !== undefined, 'no file system can be mounted here', what, tests);
}

/** A file system of so many MiB. */
export class SmallDisk {
  readonly path = mkdtempSync(join(tmpdir(), 'disk-'));

  /** Undefined: it cannot be. */
  static mount(mebibytes: number): SmallDisk | undefined {
    const disk = new SmallDisk();
    const options = ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=700`, 'tmpfs', disk.path];
    if (spawnSync('mount', options).status === 0) return disk;
    rmSync(disk.path, { recursive: true });
    return undefined;
  }

  get #freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path);
    return bavail * bsize;
  }

  get #filler(): string {
    return join(this.path, 'filler');
  }

  /** To the last byte, or until so many are left. */
  fill(leftBytes = 0): void {
    const file = openSync(this.#filler, 'w');
    try {
      while (leftBytes === 0 || this.#freeBytes > leftBytes)
        writeSync(file, Buffer.alloc(4_096, 1));
    } catch {
      // It is full.
    } finally {
      closeSync(file);
    }
  }

  empty(): void {
    rmSync(this.#filler, { force: true });
  }

  unmount(): void {
    spawnSync('umount', [this.path]);
    rmSync(this.path, { recursive: true, force: true });
  }
}
