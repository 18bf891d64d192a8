import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import type { AnswerPlace } from '../../core/upstream-answers.ts';
import { segmentNumbers, segmentPath } from '../store/directory.ts';
import { JOURNAL_VERSION, type JournalLine, writeLine } from './journal-line.ts';

/** A segment is replaced once it is longer than this, and twice as long as it began. */
const SEGMENT_LENGTH = 2 ** 20;

interface Segment {
  readonly file: number;
  /** Characters that it began with: what was taken over from the one before. */
  readonly takenOver: number;
  length: number;
}

/**
 * What is in flight, on disk: lines that are appended to one file, a segment, which is now and then
 * replaced by one that begins with what is still in flight.
 *
 * Written without fsync: the kernel has a line once `append` returns, so a killed process loses
 * nothing.
 */
export class Journal {
  readonly #directory: string;
  /** Of all segments that are there. */
  readonly #paths: string[];
  #lastNumber: number;
  #segment: Segment | undefined;

  /**
   * @param directory If a journal is there, `renew` takes its place, and must begin with what it holds.
   */
  constructor(directory: string) {
    this.#directory = directory;
    this.#paths = segmentPaths(directory);
    this.#lastNumber = segmentNumbers(directory).at(-1) ?? 0;
  }

  /** Nothing is appended: there is no segment yet, or a write failed. `renew` mends it. */
  get broken(): boolean {
    return this.#segment === undefined;
  }

  /** It is time to `renew`. */
  get large(): boolean {
    if (this.#segment === undefined) return false;
    const { length, takenOver } = this.#segment;
    return length > Math.max(SEGMENT_LENGTH, 2 * takenOver);
  }

  /** Does nothing while the journal is broken, which it is once this has thrown what node:fs throws. */
  append(line: JournalLine): void {
    if (this.#segment === undefined) return;
    const text = writeLine(line);
    try {
      writeFileSync(this.#segment.file, text);
    } catch (error) {
      // A line may be there in part: nothing must follow it.
      this.close();
      throw error;
    }
    this.#segment.length += text.length;
  }

  /**
   * Goes on in a new segment that begins with `lines`, and deletes those before. If that fails, it
   * throws what node:fs throws, and the journal is as it was.
   */
  renew(lines: Iterable<JournalLine>): void {
    const path = segmentPath(this.#directory, this.#lastNumber + 1);
    const segment = begin(path, lines);
    this.close();
    this.#segment = segment;
    this.#lastNumber++;
    this.#deleteSegments();
    this.#paths.push(path);
  }

  /** Makes these lines all there is, for the next start. Throws what node:fs throws. */
  replaceBy(lines: Iterable<JournalLine>): void {
    this.renew(lines);
    this.close();
  }

  /** Leaves what is there to the next start. */
  close(): void {
    if (this.#segment !== undefined) closeSync(this.#segment.file);
    this.#segment = undefined;
  }

  /** Leaves nothing. */
  remove(): void {
    this.close();
    this.#deleteSegments();
  }

  #deleteSegments(): void {
    // Somebody may have deleted them.
    for (const path of this.#paths.splice(0)) rmSync(path, { force: true });
  }
}

/** Of all segments that are there, oldest first. */
export function segmentPaths(directory: string): string[] {
  return segmentNumbers(directory).map((number) => segmentPath(directory, number));
}

export function keptLines(places: Iterable<AnswerPlace>): readonly JournalLine[] {
  return [...places].map((place) => ({ type: 'kept', place }));
}

function begin(path: string, lines: Iterable<JournalLine>): Segment {
  const file = openSync(path, 'wx', 0o600);
  try {
    let length = 0;
    for (const line of [{ type: 'journal', version: JOURNAL_VERSION } as const, ...lines]) {
      const text = writeLine(line);
      writeFileSync(file, text);
      length += text.length;
    }
    return { file, takenOver: length, length };
  } catch (error) {
    closeSync(file);
    rmSync(path);
    throw error;
  }
}
