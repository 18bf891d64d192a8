import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { textLines } from '../../../src/money/ledger/text-lines.ts';

const directory = mkdtempSync(join(tmpdir(), 'text-lines-'));
const path = join(directory, 'lines');

afterAll(() => rmSync(directory, { recursive: true }));

describe('the lines of a file', () => {
  it.each<[string, readonly string[]]>([
    ['', []],
    ['\n', ['']],
    ['one\ntwo\n', ['one', 'two']],
    ['one\n\ntorn', ['one', '', 'torn']],
  ])('of %j', (text, lines) => {
    writeFileSync(path, text);
    expect([...textLines(path)]).toEqual(lines);
  });

  it('are whole wherever a piece of the file ends, within a character too', () => {
    writeFileSync(path, '');
    const line = '€'.repeat(33_333);
    for (let count = 0; count < 50; count += 1) appendFileSync(path, `${count} ${line}\n`);
    const lines = [...textLines(path)];
    expect(lines).toHaveLength(50);
    expect(lines.every((read, count) => read === `${count} ${line}`)).toBe(true);
  });
});
