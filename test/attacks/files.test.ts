import { describe, expect, it, jest } from '@jest/globals';
import { Parser } from 'yaml';
import { readYaml } from '../../src/config/files.ts';
import type { ConfigProblem } from '../../src/config/problems.ts';

function read(text: string) {
  const problems: ConfigProblem[] = [];
  const value = readYaml(
    'config.yaml',
    () => text,
    (problem) => problems.push(problem),
  );
  return { value, problems: problems.map(({ message }) => message) };
}

const lines = (count: number, line: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => line(at)).join('\n');

describe('a YAML file that means harm', () => {
  // Each key compared with all others, they would take a minute.
  it('with fifty thousand keys is read', () => {
    const { value, problems } = read(lines(50_000, (at) => `k${at}: ${at}`));
    expect(problems).toEqual([]);
    expect(Object.keys(value as object)).toHaveLength(50_000);
  });

  it('with a key twice is refused where it stands the second time, at any depth', () => {
    expect(read('a: 1\nb: 2\na: 3').problems).toEqual([
      'line 3, column 1: the key a stands there twice',
    ]);
    expect(read('a:\n  - {b: 1, b: 2}').problems).toEqual([
      'line 2, column 12: the key b stands there twice',
    ]);
    expect(read('a: {b: 1}\nc: {b: 1}').problems).toEqual([]);
  });

  it.each([
    [
      'aliases of aliases',
      `a: &a [x,x]\n${lines(25, (at) => {
        const name = (of: number) => String.fromCharCode(97 + of);
        return `${name(at + 1)}: &${name(at + 1)} [*${name(at)},*${name(at)}]`;
      })}`,
    ],
    ['twenty thousand levels', '['.repeat(20_000)],
    ['twenty thousand levels that end', '['.repeat(20_000) + ']'.repeat(20_000)],
    ['a quote without end', `"${'x'.repeat(1_000_000)}`],
    ['more than a mebibyte', `# ${'x'.repeat(2 ** 20)}`],
  ])('is refused: %s', (_what, text) => {
    const { value, problems } = read(text);
    expect(value).toBeUndefined();
    expect(problems).not.toEqual([]);
    // What it says is not said again.
    expect(problems.join().length).toBeLessThan(5_000);
  });

  it.each(['[1, ', 'a: &a [1]\nb: *a\nc: '])(
    'is parsed once, however often it is read: %j',
    (begin) => {
      const text = begin + lines(2_000, (at) => `{k: ${at}},`);
      const first = read(text);
      const parse = jest.spyOn(Parser.prototype, 'parse');
      expect([read(text), read(text)]).toEqual([first, first]);
      expect(parse).not.toHaveBeenCalled();
      expect(read(`${text} `)).toBeDefined();
      expect(parse).toHaveBeenCalledTimes(1);
      parse.mockRestore();
    },
  );

  it('tells the first of thousands of faults, and how many more there are', () => {
    const { problems } = read(': ]\n'.repeat(10_000));
    expect(problems).toHaveLength(21);
    expect(problems.at(-1)).toBe('and 19979 more like these');
  });

  it('changes no prototype', () => {
    const { value } = read(
      '__proto__: {polluted: true}\nconstructor: {prototype: {polluted: true}}',
    );
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(value).not.toHaveProperty('polluted');
  });
});
