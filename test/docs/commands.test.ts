import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ROWS, rowOf } from './command-list.ts';
import { documentedCommands } from './documented-commands.ts';

const all = documentedCommands();
const { scripts }: { scripts: Record<string, string> } = JSON.parse(
  readFileSync('package.json', 'utf8'),
);

describe('every command of a page', () => {
  it('is run by a test or script, or there is a reason why not', () => {
    expect(all.length).toBeGreaterThan(80);
    expect(all.filter(({ page, command }) => rowOf(page, command) === undefined)).toEqual([]);
  });

  it('is in a row of its own kind: no row is idle', () => {
    const used = new Set(all.map(({ page, command }) => rowOf(page, command)));
    expect(ROWS.filter((row) => !used.has(row))).toEqual([]);
  });

  it('is read from its page by what runs it', () => {
    for (const { page, runBy } of ROWS) {
      if (runBy === undefined || runBy === '.ci/run') continue;
      const text = readFileSync(runBy, 'utf8');
      // A page, or the folder that one of several pages is in.
      const name = page
        .replace(/\/\*.*$/, '')
        .replace(/^docs\//, '')
        .replace(/\.md$/, '');
      expect([runBy, text.includes(name)]).toEqual([runBy, true]);
    }
  });

  it('names a script that there is, if it is one of npm', () => {
    const named = all.flatMap(({ command }) =>
      [...command.matchAll(/npm run (?:--?\w+ )*([\w:]+)/g)].map(([, name = '']) => name),
    );
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});
