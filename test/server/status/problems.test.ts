import { expect, it } from '@jest/globals';
import { problemsOf } from '../../../src/server/status/problems.ts';

const CALM = { draining: false, load: 0, upstreams: [], budgets: [], ledger: {} };

it('tells of stores that take nothing before those of which something else is amiss', () => {
  const problems = problemsOf({
    ...CALM,
    ledger: { warning: 'Its disk is almost full.' },
    sharedStore: { problem: 'It is away.' },
    config: ['A file is wrong.'],
  });
  expect(problems).toEqual([
    'The shared store: It is away.',
    'The ledger: Its disk is almost full.',
    'A file is wrong.',
  ]);
});

it('has nothing to tell where all is well', () => {
  expect(problemsOf(CALM)).toEqual([]);
});
