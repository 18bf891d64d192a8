import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ERROR_KINDS, type ErrorKind } from '../../src/core/error-kinds.ts';
import { ErrorReason as WireReason } from '../../src/gen/tamma/provider/v1/error.ts';

const page = readFileSync('docs/errors.md', 'utf8');
const documented = new Map(
  page
    .split('\n')
    .filter((line) => /^\| [A-Z_]+ \|/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, reason, code, retryable, severity, details]) => [
      reason,
      { code, retryable, severity, details },
    ]),
);

function row(kind: ErrorKind) {
  return {
    code: kind.code,
    retryable: kind.retryable ? 'yes' : 'no',
    severity: kind.severity,
    details: kind.details.join(', '),
  };
}

describe('docs/errors.md', () => {
  it('has a row for every reason and no other', () => {
    expect([...documented.keys()].sort()).toEqual(Object.keys(ERROR_KINDS).sort());
  });

  it.each(Object.entries(ERROR_KINDS))('says of %s what the code says', (reason, kind) => {
    expect(documented.get(reason)).toEqual(row(kind));
  });
});

describe('what this process is short of', () => {
  const texts = (file: string, pattern: RegExp) =>
    [...readFileSync(`src/${file}`, 'utf8').matchAll(pattern)].map(([, text]) => text);

  it('has a row for each subject of QuotaFailure', () => {
    const subjects = [
      ...texts('server/arrivals/overload.ts', /return '([a-z ]+)'/g).map(
        (what) => `provider ${what}`,
      ),
      ...[
        'server/arrivals/inbound',
        'server/status/watch',
        'batch/books-in-turn',
        'money/ledger/query-queue',
      ].flatMap((file) => texts(`${file}.ts`, /quotaSubject: '([a-z ]+)'/g)),
    ];
    const rows = [...page.matchAll(/^\| `([a-z ]+)` \|/gm)].map(([, subject]) => subject);
    expect(rows.sort()).toEqual(subjects.sort());
  });
});

describe('tamma.provider.v1.ErrorReason', () => {
  it('has a value for every reason and no other', () => {
    const names = Object.keys(WireReason).filter((name) => name !== 'UNSPECIFIED');
    expect(names.sort()).toEqual(Object.keys(ERROR_KINDS).sort());
  });
});
