import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

const readme = readFileSync('README.md', 'utf8');

it('README.md draws the stages of a call as they are, in their order', () => {
  const pipeline = readFileSync('src/provider/pipeline.ts', 'utf8');
  const picture = /```mermaid\n(.*?)```/s.exec(readme)?.[1] ?? '';
  const stages = [...picture.matchAll(/\["([\w, ]+):/g)]
    .flatMap(([, names = '']) => names.split(', '))
    .filter((name) => name !== 'door');
  expect(stages.length).toBeGreaterThan(10);
  // A line with its reason for each; those of one target come first in the file.
  const [retry, hedge, ...others] = [...pipeline.matchAll(/^ +(\w+)\(.*\/\/ /gm)]
    .map(([, name = '']) => name)
    .filter((name) => stages.includes(name));
  const behind = others.indexOf('fallback') + 1;
  expect([...others.slice(0, behind), retry, hedge, ...others.slice(behind)]).toEqual(stages);
});

it('README.md has the figures of docs/performance.md', () => {
  const rows = readFileSync('docs/performance.md', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const heads = rows.find(([, first]) => first === 'row') ?? [];
  const figure = (row: string, head: string) =>
    rows.find(([, first]) => first === row)?.[heads.indexOf(head)] ?? 'none';
  for (const [row, head, shown] of [
    ['paced-200', 'CPU us/chunk', 'CPU µs/chunk'],
    ['paced-200', 'relay p50 ms', 'relay p50 ms'],
    ['short', 'CPU ms/call', 'CPU ms/call'],
    ['sync', 'CPU ms/call', 'CPU ms/call'],
    ['unpaced', 'CPU us/chunk', 'CPU µs/chunk'],
  ] as const) {
    expect(readme).toContain(
      `| ${shown} | ${figure(row, head)} | ${figure(`floor-${row}`, head)} |`,
    );
  }
});
