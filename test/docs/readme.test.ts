import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { ANSWER } from '../../demo/endpoint.ts';
import { ERROR_KINDS } from '../../src/core/error-kinds.ts';
import { ROWS } from '../load/loads.ts';

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
  const figures = (page: string) =>
    (/<!-- peers -->(.*?)<!-- \/peers -->/s.exec(readFileSync(page, 'utf8'))?.[1] ?? '')
      .split('\n')
      .filter((line) => line.startsWith('| ') && line.includes('x)'))
      .map((line) => line.replaceAll(/ +/g, ' '));
  const shown = figures('README.md');
  expect(shown.length).toBeGreaterThan(2);
  expect(figures('docs/performance.md')).toEqual(expect.arrayContaining(shown));
});

it('README.md shows what the demo answers', () => {
  const [, shown = ''] = /```text\n(.*?)\n\n/s.exec(readme) ?? [];
  expect(shown).toContain(' ✂ ');
  expect(shown.replace(' ✂', '')).toBe(ANSWER);
});

it('README.md counts reasons and loads as they are', () => {
  expect(readme).toContain(`one of ${Object.keys(ERROR_KINDS).length} reasons`);
  expect(readme).toContain(`[${ROWS.length} loads]`);
  const held = `${ROWS.length} loads, these among them`;
  expect(readFileSync('docs/resilience.md', 'utf8')).toContain(held);
});
