import { rmSync } from 'node:fs';
import type { AnswerPlace } from '../../core/upstream-answers.ts';
import { estimatedUsage } from '../../core/usage.ts';
import { LedgerError } from '../store/ledger-error.ts';
import { Journal, keptLines, segmentPaths } from './journal.ts';
import { JOURNAL_VERSION, type JournalLine, type ProgressLine, readLine } from './journal-line.ts';
import { type LedgerOpening, type LedgerRecord, PROCESS_DIED } from './ledger.ts';
import type { StoredRecord } from './record-rows.ts';
import type { RecordStore } from './record-store.ts';
import { textLines } from './text-lines.ts';

/** Records in one transaction. */
const BATCH = 1_000;

/** An attempt as the journal leaves it. */
interface Found {
  readonly opening: LedgerOpening;
  outputTokens: number;
}

/** What processes that died have left. */
export interface Recovered {
  /** What was booked just now. */
  readonly records: readonly LedgerRecord[];
  /** What upstreams may still keep. */
  readonly kept: readonly AnswerPlace[];
}

/**
 * Books what a journal in the directory holds and the database does not, or not any more: what was settled as it was,
 * what was in flight as an estimate. Then deletes it, but for what it says of answers that upstreams keep, which is a
 * journal of its own from then on.
 *
 * May be interrupted at any point and done again.
 *
 * @throws LedgerError if a newer version of this program wrote the journal.
 */
export function recover(directory: string, store: RecordStore): Recovered {
  const paths = segmentPaths(directory);
  const journal = new JournalReader();
  for (const path of paths) journal.read(path);
  const records = [...lostOf(journal.moved, store), ...journal.records()];
  const recovered: LedgerRecord[] = [];
  for (let start = 0; start < records.length; start += BATCH) {
    const added = store.add(records.slice(start, start + BATCH));
    for (const { record } of added) recovered.push(record);
  }
  const kept = journal.kept();
  if (kept.length === 0) for (const path of paths) rmSync(path);
  else new Journal(directory).replaceBy(keptLines(kept));
  return { records: recovered, kept };
}

/**
 * What went to the database and is not in it. Of damage to its write-ahead log SQLite says nothing: it leaves out
 * the transactions behind it, each of which is there as a whole or not at all. A database without records is another
 * one.
 *
 * @param moved what went there in one transaction, in order
 */
function lostOf(moved: readonly (readonly StoredRecord[])[], store: RecordStore): StoredRecord[] {
  if (store.firstDay() === undefined) return [];
  const deletedBefore = store.deletedBefore();
  const isThere = ([first]: readonly StoredRecord[]): boolean =>
    first !== undefined && (first.record.endedAt < deletedBefore || store.has(first));
  return moved.slice(moved.findLastIndex(isThere) + 1).flat();
}

/** Reads the segments that one process left, oldest first. */
class JournalReader {
  /** What was settled and is in the database, by the transactions in which it went there. */
  readonly moved: (readonly StoredRecord[])[] = [];
  readonly #inFlight = new Map<number, Found>();
  readonly #settled = new Map<number, StoredRecord>();
  readonly #kept = new Map<string, AnswerPlace>();
  /** Epoch ms: the last sign of life. */
  #lastSeen = 0;

  read(path: string): void {
    for (const text of textLines(path)) {
      const line = readLine(text);
      // The last line of a killed process may be there in part; a power failure may spoil others.
      if (line !== undefined) this.#take(line, path);
    }
  }

  kept(): readonly AnswerPlace[] {
    return [...this.#kept.values()];
  }

  records(): readonly StoredRecord[] {
    const estimates = [...this.#inFlight.values()].map((found) => ({
      openedAt: found.opening.startedAt,
      record: estimate(found, this.#lastSeen),
    }));
    return [...this.#settled.values(), ...estimates];
  }

  #take(line: JournalLine, path: string): void {
    switch (line.type) {
      case 'journal':
        refuseNewer(line.version, path);
        break;
      case 'opened':
        this.#open(line.number, line.opening);
        break;
      case 'progress':
        this.#progress(line.now, line.tokens);
        break;
      case 'settled':
        this.#lastSeen = Math.max(this.#lastSeen, line.stored.record.endedAt);
        this.#inFlight.delete(line.number);
        this.#settled.set(line.number, line.stored);
        break;
      case 'done':
        this.#done(line.numbers);
        break;
      case 'kept':
        this.#kept.set(line.place.id, line.place);
        break;
      case 'gone':
        this.#kept.delete(line.id);
        break;
    }
  }

  #done(numbers: readonly number[]): void {
    const moved: StoredRecord[] = [];
    for (const number of numbers) {
      const stored = this.#settled.get(number);
      if (stored !== undefined) moved.push(stored);
      this.#settled.delete(number);
      this.#inFlight.delete(number);
    }
    // Of what was void nothing went there.
    if (moved.length > 0) this.moved.push(moved);
  }

  #open(number: number, opening: LedgerOpening): void {
    this.#lastSeen = Math.max(this.#lastSeen, opening.startedAt);
    // A segment begins with what the one before told already, and more of it may be lost.
    if (!this.#inFlight.has(number)) this.#inFlight.set(number, { opening, outputTokens: 0 });
  }

  #progress(now: number, tokens: ProgressLine['tokens']): void {
    this.#lastSeen = Math.max(this.#lastSeen, now);
    for (const [number, outputTokens] of tokens) {
      const found = this.#inFlight.get(number);
      if (found !== undefined) found.outputTokens = outputTokens;
    }
  }
}

function refuseNewer(version: number, path: string): void {
  if (version > JOURNAL_VERSION) {
    throw new LedgerError(
      `${path} has version ${version}, and this program knows ${JOURNAL_VERSION}: a newer version wrote it; start that one, or name another directory`,
    );
  }
}

/** The whole prompt, and the output that had come by the last time that was written down. */
function estimate(found: Found, endedAt: number): LedgerRecord {
  const { prices, catalogueVersion, ...same } = found.opening;
  // Estimates may come in fractions of a token.
  const inputTokens = Math.ceil(same.inputTokens);
  const outputTokens = Math.ceil(found.outputTokens);
  const picoDollars =
    prices === undefined
      ? 0n
      : BigInt(inputTokens) * prices.input + BigInt(outputTokens) * prices.output;
  return {
    ...same,
    usage: estimatedUsage(inputTokens, outputTokens),
    cost: { picoDollars, catalogueVersion, estimated: true, unpriced: prices === undefined },
    serviceTier: '',
    outcome: PROCESS_DIED,
    endedAt,
  };
}
