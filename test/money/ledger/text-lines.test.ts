import { execFileSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { textLines } from '../../../src/money/ledger/text-lines.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const directory = tempFolder();
const path = join(directory, 'lines');

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

  it('are told around one that is longer than any that was written', () => {
    const longest = 'x'.repeat(16 * 2 ** 20);
    writeFileSync(path, `one\n${longest}\n${longest}x\ntwo`);
    expect([...textLines(path)].map((line) => line.length)).toEqual([3, longest.length, 0, 3]);
  });

  it('are not waited for where it is no file', () => {
    const fifo = join(directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    expect(() => [...textLines(fifo)]).toThrow('is no file');
  });
});
