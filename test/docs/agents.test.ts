import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

const page = readFileSync('docs/agents.md', 'utf8');

it('docs/agents.md has every price of a call of a tool that the catalogue has', () => {
  const rows = [...page.matchAll(/^\| `(\w+)` \| (.*\d dollars .*) \|$/gm)];
  const told = rows.map(([, tool, text = '']) => [tool, new Set(text.match(/\b0\.\d+/g))]);
  const prices = new Map<string, Set<string>>();
  const { models } = JSON.parse(readFileSync('src/request/catalogue/models.json', 'utf8'));
  for (const { prices: { tools = {} } = {} } of models) {
    for (const [tool, price] of Object.entries<string>(tools)) {
      prices.set(tool, (prices.get(tool) ?? new Set()).add(price));
    }
  }
  expect(new Map(told as [string, Set<string>][])).toEqual(prices);
});
