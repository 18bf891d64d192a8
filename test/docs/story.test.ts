import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const text = readFileSync('docs/story-2.3.md', 'utf8');
const { scripts }: { scripts: Record<string, string> } = JSON.parse(
  readFileSync('package.json', 'utf8'),
);
const suites = readFileSync('scripts/test-long.ts', 'utf8');
const tests = globSync('test/**/*.test.ts');

const matches = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, found = '']) => found);

describe('docs/story-2.3.md', () => {
  it('names tests that exist', () => {
    const paths = matches(/`npx jest ([^`]+)`/g).flatMap((args) => args.split(' '));
    expect(paths.length).toBeGreaterThan(40);
    const isTest = (path: string) => tests.some((test) => new RegExp(path).test(test));
    expect(paths.filter((path) => !isTest(path))).toEqual([]);
  });

  it('names scripts and suites that exist', () => {
    const names = matches(/`npm run ([\w:]+)/g);
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => scripts[name] === undefined)).toEqual([]);
    const long = matches(/`npm run test:long -- ([\w-]+)/g);
    expect(long.filter((name) => !suites.includes(`name: '${name}'`))).toEqual([]);
  });

  it('asks Prometheus for metrics that exist', () => {
    const metrics = readFileSync('docs/metrics.md', 'utf8');
    const labels = /^tamma_provider_(outcome|finish_reason)$/;
    const asked = matches(/(tamma_provider_\w+)/g).filter((name) => !labels.test(name));
    const known = (name: string) => metrics.includes(`\`${name.replace(/_(count|bucket)$/, '')}\``);
    expect(asked.filter((name) => !known(name))).toEqual([]);
  });
});
