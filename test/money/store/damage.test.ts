import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { databasePath } from '../../../src/money/store/directory.ts';
import { keepReserve } from '../../../src/money/store/reserve.ts';
import { StoreThread } from '../../../src/money/store-thread/store-thread.ts';
import { aCharge, aDirectory, aLedger, anOpening, recordsIn } from '../ledger/support.ts';

/** A directory with a ledger of 200 records, and the reserve that is kept beside it. */
async function filled(): Promise<string> {
  const directory = aDirectory();
  const { ledger, close } = aLedger({ directory });
  for (let call = 0; call < 200; call++) {
    ledger.open(anOpening({ callId: `call-${call}` })).settle(aCharge());
  }
  await close();
  keepReserve(directory, 1_000);
  return directory;
}

it('may be a file with nothing in it that a first start left behind', async () => {
  const directory = aDirectory();
  writeFileSync(databasePath(directory), '', { mode: 0o600 });
  await new StoreThread({ directory }).close();
});

const DAMAGES: readonly (readonly [string, (path: string) => void])[] = [
  ['is something else', (path) => writeFileSync(path, 'this is no database, but something else')],
  ['lost its end', (path) => truncateSync(path, 5_000)],
  ['lost all of it', (path) => truncateSync(path)],
  [
    'has pages of something else',
    (path) => {
      const bytes = readFileSync(path);
      writeFileSync(path, bytes.fill(0xa5, 8_192, bytes.length - 4_096));
    },
  ],
];

describe.each(DAMAGES)('a database that %s', (_, damage) => {
  it('is refused with its path and what to do', async () => {
    const directory = await filled();
    damage(databasePath(directory));
    const before = readFileSync(databasePath(directory));
    expect(() => new StoreThread({ directory })).toThrow(
      new RegExp(`${databasePath(directory)} is damaged .*set ledger.onCorruption to keep_aside`),
    );
    expect(readFileSync(databasePath(directory)).equals(before)).toBe(true);
  });

  it('is kept aside if that is wanted, and a new one begun', async () => {
    const directory = await filled();
    damage(databasePath(directory));
    const before = readFileSync(databasePath(directory));
    const stores = new StoreThread({ directory, onCorruption: 'keep_aside' });
    const { keptAside = '' } = stores;
    expect(keptAside).toMatch(/ledger\.sqlite\.damaged-\d{4}-/);
    expect(readFileSync(keptAside).equals(before)).toBe(true);
    expect(recordsIn(directory)).toEqual([]);
    await stores.close();
    expect(readdirSync(directory)).toHaveLength(4);
  });
});
