import { statfsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import type { Clock } from '../../core/clock.ts';

/** In bytes. */
export interface DiskSpace {
  /** For a process without special rights. */
  readonly freeBytes: number;
  readonly sizeBytes: number;
}

/** How old a figure may be, in ms, before a new one is asked for. */
const FRESH_FOR_MS = 5_000;

/** Less than this share is little, unless it is more than so many bytes. */
const LITTLE_SHARE = 0.1;
const PLENTY_BYTES = 2 ** 30;

const MIB = 2 ** 20;

/** The room on the disk that a directory is on, as it was when somebody last asked. */
export class Disk {
  readonly #directory: string;
  readonly #clock: Pick<Clock, 'now'>;
  #space: DiskSpace | undefined;
  #askedAt: number;

  constructor(directory: string, clock: Pick<Clock, 'now'>) {
    this.#directory = directory;
    this.#clock = clock;
    this.#askedAt = clock.now();
    try {
      this.#space = spaceOf(statfsSync(directory));
    } catch {
      // Not every file system tells.
    }
  }

  /** Undefined: not known. Asks for a new figure in the background where this one is old. */
  get space(): DiskSpace | undefined {
    const now = this.#clock.now();
    // Dates may run backwards.
    if (Math.abs(now - this.#askedAt) >= FRESH_FOR_MS) {
      this.#askedAt = now;
      void this.#ask();
    }
    return this.#space;
  }

  async #ask(): Promise<void> {
    try {
      this.#space = spaceOf(await statfs(this.#directory));
    } catch {
      this.#space = undefined;
    }
  }
}

/** One sentence if there is little room left. */
export function fullness({ freeBytes, sizeBytes }: DiskSpace): string | undefined {
  if (freeBytes >= Math.min(PLENTY_BYTES, sizeBytes * LITTLE_SHARE)) return undefined;
  const mebibytes = (bytes: number) => Math.floor(bytes / MIB).toLocaleString('en-US');
  return `Its disk is almost full: ${mebibytes(freeBytes)} of ${mebibytes(sizeBytes)} MiB are free.`;
}

function spaceOf(stats: { bavail: number; blocks: number; bsize: number }): DiskSpace {
  return { freeBytes: stats.bavail * stats.bsize, sizeBytes: stats.blocks * stats.bsize };
}
