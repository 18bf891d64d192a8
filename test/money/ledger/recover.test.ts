import {
  appendFileSync,
  copyFileSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { LedgerEraser } from '../../../src/money/ledger/eraser.ts';
import { writeLine } from '../../../src/money/ledger/journal-line.ts';
import { segmentPath } from '../../../src/money/store/directory.ts';
import { fewOrMany } from '../../support/long.ts';
import {
  aCharge,
  aDirectory,
  aLedger,
  anOpening,
  costing,
  leftBy,
  MIDNIGHT,
  recordsIn,
  segments,
} from './support.ts';

const WAL = 'ledger.sqlite-wal';

/** Bytes of it. */
const WAL_HEADER = 32;
const FRAME = 24 + 4_096;

/** A ledger that was killed with one attempt settled and one in flight. */
async function killed(): Promise<string> {
  const directory = aDirectory();
  const { ledger, clock, advance } = aLedger({ directory });
  const charge = aCharge({ ...costing(5n), endedAt: MIDNIGHT + 10 });
  ledger.open(anOpening({ callId: 'settled' })).settle(charge);
  await advance(100);
  const entry = ledger.open(anOpening({ callId: 'in-flight', startedAt: clock.now() }));
  entry.progress(20);
  await advance(1_000);
  return leftBy(directory);
}

/** Lengths that a line may have been torn at: all, or both ends and around each border in it. */
function tornAt(line: string): number[] {
  const all = Array.from(line, (_, at) => at);
  const isBorder = (at: number) => '[]{},:"'.includes(line[at] ?? '');
  const borders = all.filter((at) => isBorder(at)).filter((_, index) => index % 12 === 0);
  const some = new Set([0, 1, ...borders, line.length - 2, line.length - 1]);
  return fewOrMany(some.size, all.length) === all.length ? all : [...some];
}

function theSegment(directory: string): string {
  const [name, ...more] = segments(directory);
  if (name === undefined || more.length > 0) throw new Error(`${more.length} more segments`);
  return join(directory, name);
}

describe('answers that upstreams keep', () => {
  const place = (id: string) => ({
    id,
    upstream: 'default',
    endpoint: 'https://api.openai.com',
    key: 1,
  });

  it('are known at the next start, and at each until they are deleted', async () => {
    const directory = aDirectory();
    const { ledger } = aLedger({ directory });
    for (const id of ['a', 'b', 'c']) ledger.kept.add(place(id));
    ledger.kept.gone('b');
    const killed = leftBy(directory);
    const second = aLedger({ directory: killed }).ledger;
    expect(second.kept.left).toEqual([place('a'), place('c')]);
    second.kept.gone('a');
    expect(aLedger({ directory: leftBy(killed) }).ledger.kept.left).toEqual([place('c')]);
  });

  it('are known after a stop, too, and leave no journal once they are deleted', async () => {
    const directory = aDirectory();
    const first = aLedger({ directory });
    first.ledger.kept.add(place('a'));
    await first.close();
    const second = aLedger({ directory });
    expect(second.ledger.kept.left).toEqual([place('a')]);
    second.ledger.kept.gone('a');
    await second.close();
    expect(segments(directory)).toEqual([]);
  });

  it('outlive a new segment of the journal, and the erasure of a user', async () => {
    const directory = aDirectory();
    const { ledger, advance } = aLedger({ directory });
    ledger.kept.add(place('a'));
    for (let call = 0; call < 4; call += 1) {
      const opening = anOpening({ callId: `call-${call}`, userId: 'u'.repeat(400_000) });
      const entry = ledger.open(opening);
      entry.sent();
      entry.settle(aCharge());
      await advance(100);
    }
    expect(segments(directory)).not.toContain('ledger-journal-00000001.jsonl');
    const killed = leftBy(directory);
    new LedgerEraser(killed).close();
    expect(aLedger({ directory: killed }).ledger.kept.left).toEqual([place('a')]);
  });
});

describe('a ledger that was killed', () => {
  it('books what was in flight as an estimate: the prompt, and the output so far', async () => {
    const directory = await killed();
    const { ledger, log } = aLedger({ directory });
    expect(log.lines).toEqual(['info: booked attempts that a process that died had left']);
    expect(log.fields).toEqual([{ directory, recovered: 1 }]);
    expect(recordsIn(directory)).toMatchObject([
      { call_id: 'settled', cost_usd: '0.000000000005', usage_estimated: false },
      {
        call_id: 'in-flight',
        trace_id: 'trace-1',
        user_id: 'user-1',
        outcome: 'PROCESS_DIED',
        input_tokens: 100,
        output_tokens: 20,
        usage_estimated: true,
        cost_usd: '0.000165',
        cost_estimated: true,
        unpriced: false,
        ended_at: '2026-01-01T00:00:00.150Z',
      },
    ]);
    const { total } = await ledger.sums({ groupBy: [] });
    expect(total).toMatchObject({ attempts: 2, estimatedAttempts: 1, picoDollars: 165_000_005n });
  });

  it('books again what was lost of the database behind a damaged frame of its write-ahead log', async () => {
    const calls = ['first', ...Array.from({ length: 6 }, (_, call) => `call-${call}`)];
    const spend = async ({ ledger, advance }: ReturnType<typeof aLedger>, callId = '') => {
      ledger.open(anOpening({ callId })).settle(aCharge(costing(5n)));
      await advance(100);
    };
    const directory = aDirectory();
    const first = aLedger({ directory });
    await spend(first, calls[0]);
    await first.close();
    const running = aLedger({ directory });
    for (const callId of calls.slice(1)) await spend(running, callId);
    running.ledger.open(anOpening({ callId: 'void' })).void();
    const frames = (statSync(join(directory, WAL)).size - WAL_HEADER) / FRAME;
    expect(frames).toBeGreaterThan(calls.length);
    for (let frame = 0; frame < frames; frame += 1) {
      const left = leftBy(directory);
      const bytes = readFileSync(join(left, WAL));
      const at = WAL_HEADER + frame * FRAME + 1_000;
      writeFileSync(join(left, WAL), bytes.fill(0xa5, at, at + 100));
      const { ledger } = aLedger({ directory: left });
      const records = recordsIn(left).map(({ call_id }) => call_id);
      expect([frame, records.sort()]).toEqual([frame, calls.toSorted()]);
      const total = { attempts: calls.length, picoDollars: 5n * BigInt(calls.length) };
      expect((await ledger.sums({ groupBy: [] })).total).toMatchObject(total);
    }
  });

  it('says so of an estimate for which no price was known', async () => {
    const directory = aDirectory();
    const { prices: _, ...opening } = anOpening();
    aLedger({ directory }).ledger.open(opening);
    const left = leftBy(directory);
    const { ledger } = aLedger({ directory: left });
    expect(recordsIn(left)).toMatchObject([{ cost_usd: '0', unpriced: true }]);
    expect((await ledger.sums({ groupBy: [] })).total).toMatchObject({ unpricedAttempts: 1 });
  });

  it('rounds counts up that were estimates themselves', async () => {
    const directory = aDirectory();
    const { ledger, advance } = aLedger({ directory });
    ledger.open(anOpening({ inputTokens: 99.2 })).progress(7.5);
    await advance(250);
    const left = leftBy(directory);
    aLedger({ directory: left });
    expect(recordsIn(left)).toMatchObject([
      { input_tokens: 100, output_tokens: 8, cost_usd: '0.000111' },
    ]);
  });

  it('says nothing if there was nothing', () => {
    const directory = aDirectory();
    aLedger({ directory });
    expect(aLedger({ directory: leftBy(directory) }).log.lines).toEqual([]);
  });

  it('loses no more than a line that was not written whole, wherever it was torn', async () => {
    const whole = await killed();
    const segment = theSegment(whole);
    const bytes = readFileSync(segment).length;
    const line = writeLine({ type: 'opened', number: 3, opening: anOpening({ callId: 'torn' }) });
    appendFileSync(segment, line);
    for (const length of tornAt(line)) {
      const directory = leftBy(whole);
      truncateSync(theSegment(directory), bytes + length);
      aLedger({ directory });
      // Without the end of the line alone it is whole all the same.
      expect(recordsIn(directory)).toHaveLength(length < line.length - 1 ? 2 : 3);
    }
  }, 60_000);

  it('books what was settled once, however often recovery is interrupted', async () => {
    const directory = await killed();
    const copy = join(aDirectory(), 'segment');
    copyFileSync(theSegment(directory), copy);
    const before = await aLedger({ directory }).ledger.sums({ groupBy: [] });
    const again = leftBy(directory);
    // As if it had died before it deleted the journal.
    writeFileSync(theSegment(again), readFileSync(copy));
    const { ledger, log } = aLedger({ directory: again });
    expect(await ledger.sums({ groupBy: [] })).toEqual(before);
    expect(log.lines).toEqual([]);
  });

  it('knows what two segments say of the same attempt', async () => {
    const directory = await killed();
    const opened = readFileSync(theSegment(directory), 'utf8').match(/^\["opened",2.*$/m)?.[0];
    // It died while it began a new segment: the output so far is in the old one alone.
    writeFileSync(segmentPath(directory, 2), `["journal",1]\n${opened}\n["progr`);
    aLedger({ directory });
    expect(recordsIn(directory)).toMatchObject([{}, { call_id: 'in-flight', output_tokens: 20 }]);
    expect(segments(directory)).toHaveLength(1);
  });

  it('ignores progress of attempts that are over, and lines that the disk has lost', async () => {
    const directory = await killed();
    appendFileSync(theSegment(directory), '\0\0\0\n["progress",1,[[1,9],[77,9]]]\n["done",[2]]\n');
    aLedger({ directory });
    expect(recordsIn(directory)).toMatchObject([{ call_id: 'settled', output_tokens: 10 }]);
  });

  it('does not book again what was settled, written out and then deleted by retention', async () => {
    const directory = aDirectory();
    const { ledger, advance } = aLedger({ directory, retentionMs: 1_000 });
    ledger.open(anOpening()).settle(aCharge());
    await advance(60_000);
    await advance(60_000);
    expect(recordsIn(directory)).toEqual([]);
    const left = leftBy(directory);
    const { ledger: next } = aLedger({ directory: left });
    expect((await next.sums({ groupBy: [] })).total).toMatchObject({ attempts: 1 });
  });

  it('is refused if its journal is of a newer version', async () => {
    const directory = await killed();
    writeFileSync(segmentPath(directory, 2), '["journal",2]\n');
    expect(() => aLedger({ directory })).toThrow('has version 2, and this program knows 1');
    expect(segments(directory)).toHaveLength(2);
  });

  it('is booked at the latest moment that the journal tells of', () => {
    const directory = aDirectory();
    const { ledger } = aLedger({ directory });
    ledger.open(anOpening({ callId: 'a', startedAt: MIDNIGHT }));
    ledger.open(anOpening({ callId: 'b', startedAt: MIDNIGHT + 5_000 }));
    const left = leftBy(directory);
    aLedger({ directory: left });
    expect(recordsIn(left)).toMatchObject([
      { ended_at: '2026-01-01T00:00:05.000Z' },
      { ended_at: '2026-01-01T00:00:05.000Z' },
    ]);
  });
});
