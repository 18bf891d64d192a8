import { join } from 'node:path';
import { StoreDatabase } from '../../src/money/store/store-database.ts';

const DAY_MS = 86_400_000;
/** They end before today, so that what the load adds is no part of what is asked for. */
const DAYS = 2;
const USERS = 1_000;

/** In order of time, as a sidecar writes them; one in fifty failed. */
const RECORDS = `
  INSERT INTO records
  WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :rows)
  SELECT ended_at - 1000, printf('call-%08d', i), 1, printf('%032x', i), ended_at - 1000, ended_at,
    'openai', iif(i % 3 = 0, 'gpt-5.4-mini', 'gpt-4o'), 'user-' || (i * 7919 % ${USERS}),
    'project-' || (i % 10), 'default', iif(i % 50 = 0, 'TIMEOUT', 'completed'),
    100 + i % 1000, i % 500, 0, 0, 0, 0, 1000000 + i % 977, 0, 0, '1'
  FROM (SELECT i, :from + i * :span / :rows AS ended_at FROM n)`;

/** What is asked for is no whole day, so totals need no labels. */
const TOTALS = `
  INSERT INTO days
  SELECT date(:from / 1000 + 86400 * day, 'unixepoch'), '', '', '', '', '', count(*), 0, 0,
    sum(input_tokens), sum(output_tokens), 0, 0, 0, sum(pico_dollars)
  FROM (SELECT (ended_at - :from) / ${DAY_MS} AS day, * FROM records) GROUP BY day`;

/** What can only be read record by record: all but the first and the last millisecond of two days. Epoch ms. */
export interface Filled {
  readonly from: number;
  readonly until: number;
  readonly path: string;
}

/** Makes a ledger of so many records, by the schema of the sidecar itself. */
export function fillLedger(directory: string, rows: number, now: number): Filled {
  const path = join(directory, 'ledger.sqlite');
  const database = new StoreDatabase(path);
  const span = DAYS * DAY_MS;
  const from = Math.floor(now / DAY_MS) * DAY_MS - span;
  try {
    // There is nobody else, and nothing to be kept if the power fails.
    database.connection.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF');
    const facts = { from: BigInt(from), rows: BigInt(rows), span: BigInt(span) };
    database.prepare(RECORDS).run(facts);
    database.prepare(TOTALS).run({ from: BigInt(from) });
  } finally {
    database.close();
  }
  return { from: from + 1, until: from + span - 1, path };
}
