import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../src/config/problems.ts';
import { problemsIn, startProblem } from '../src/config-problems.ts';
import { under } from '../src/listener-options.ts';
import { LedgerError } from '../src/money/store/ledger-error.ts';
import { CatalogueError } from '../src/request/catalogue/rows.ts';
import { CallersError } from '../src/server/callers/authenticator.ts';

describe('a configuration that cannot be put in force', () => {
  it.each([
    [
      new CatalogueError('models.yaml', [{ path: '[0].id', message: 'is missing' }]),
      'catalogue.file',
    ],
    [new CallersError('two callers are one'), 'callers'],
    [new LedgerError('it is full'), 'budgets'],
    [new RangeError('a bug'), 'configuration'],
  ])('by %p names the key', (thrown, path) => {
    const [problem] = problemsIn(thrown);
    expect(problem).toEqual({ path, message: thrown.message, source: 'configuration' });
  });

  it('by several fields of a catalogue has a problem for each', () => {
    const thrown = new CatalogueError('models.yaml', [
      { path: 'version', message: 'is required' },
      { path: 'models[0].id', message: 'is required' },
    ]);
    expect(problemsIn(thrown).map(({ message }) => message)).toEqual([
      'models.yaml: version is required',
      'models.yaml: models[0].id is required',
    ]);
  });

  it('has the problems that were found when it was read, or what else was thrown', () => {
    const problems = [{ path: 'listen', message: 'must be an address', source: 'config.yaml' }];
    expect(problemsIn(new ConfigError(problems))).toBe(problems);
    expect(problemsIn('gone')).toMatchObject([{ path: 'configuration', message: 'gone' }]);
  });

  it('has a start say that it was the callers, though it was a listener that read them', async () => {
    const thrown = new CallersError('two callers are one');
    await expect(under('listen', Promise.reject(thrown))).rejects.toBe(thrown);
    const other = new RangeError('a bug');
    await expect(under('listen', Promise.reject(other))).rejects.toThrow('listen: a bug');
    expect(startProblem(thrown)).toBe('callers: two callers are one');
  });

  it('has a start say which key it was', () => {
    const problem = { path: '[0].id', message: 'is missing' };
    expect(startProblem(new CatalogueError('models.yaml', [problem]))).toMatch(/^catalogue.file: /);
    expect(startProblem(new LedgerError('it is full'))).toBe('dataDir: it is full');
    expect(startProblem(new RangeError('a bug'))).toBe('a bug');
    expect(startProblem('gone')).toBe('gone');
  });
});
