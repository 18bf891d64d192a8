import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { FAULTS } from '../../src/simulator/script/fault-names.ts';
import { loadScript, parseScript } from '../../src/simulator/script/load.ts';

const page = readFileSync('docs/testing.md', 'utf8');

describe('docs/testing.md', () => {
  it('has every fault, with what it does', () => {
    const rows = [...page.matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(([, name, what]) => [
      name,
      what,
    ]);
    const faults = Object.entries(FAULTS);
    expect(rows.filter(([name = '']) => name in FAULTS)).toEqual(faults);
  });

  it('has a script that the simulator takes, with every key of a rule', () => {
    const [, yaml = ''] = /```yaml\n(.*?)```/s.exec(page) ?? [];
    const { rules } = parseScript(parse(yaml), 'docs');
    expect(rules.length).toBeGreaterThan(4);
    for (const key of ['when', 'times', 'reply', 'delay', 'fault'])
      expect(page).toContain(`| \`${key}\` |`);
  });
});

it('the script of the examples is one', () => {
  const read = (path: string) => readFileSync(path, 'utf8');
  expect(loadScript('examples/testing/answers.yaml', read).rules.length).toBeGreaterThan(3);
});
