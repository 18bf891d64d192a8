import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { answerCases, withCases } from '../../scripts/compatibility-doc.ts';

const page = readFileSync('docs/compatibility.md', 'utf8');
/** In the first column, which may name several. */
const servers = page
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .flatMap((line) => line.split('|')[1]?.split(',') ?? [])
  .map((name) => name.trim());

describe('docs/compatibility.md', () => {
  it('names every case and no other', () => {
    expect(page).toBe(withCases(page));
  });

  it.each([...new Set(answerCases().map(({ server }) => server))])('tells of %s', (server) => {
    // Once as a server, and once for each of its cases.
    const cases = answerCases().filter((one) => one.server === server).length;
    expect(servers.filter((name) => name === server)).toHaveLength(cases + 1);
  });
});
