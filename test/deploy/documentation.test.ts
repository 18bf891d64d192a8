import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { FOLDERS } from './kustomize.ts';

const metrics = readFileSync('docs/metrics.md', 'utf8');

describe.each(['docs/deploy.md', 'docs/operations.md'])('%s', (page) => {
  const text = readFileSync(page, 'utf8');

  it('names metrics that exist', () => {
    const names = [...text.matchAll(/`((?:tamma_provider|process|nodejs)_\w+)`/g)];
    const isUnknown = (name: string) => !metrics.includes(`\`${name.replace(/_count$/, '')}\``);
    const labels = /^tamma_provider_(outcome|target|waited_for)$/;
    expect(
      names.map(([, name = '']) => name).filter((name) => isUnknown(name) && !labels.test(name)),
    ).toEqual([]);
  });
});

describe('docs/deploy.md', () => {
  it('has a row for every folder', () => {
    const text = readFileSync('docs/deploy.md', 'utf8');
    const rows = [...text.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name);
    expect(rows.sort()).toEqual([...FOLDERS, 'sidecar'].sort());
  });

  it('quotes figures that are measured', () => {
    const measured = readFileSync('docs/performance.md', 'utf8');
    for (const figure of ['170', '398', '478', '1950']) expect(measured).toContain(` ${figure} |`);
  });
});
