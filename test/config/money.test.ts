import { describe, expect, it } from '@jest/globals';
import { formatDollars, parseDollars } from '../../src/config/money.ts';
import { load, problems } from '../support/config.ts';

const LIMIT =
  'must be US dollars, such as 25 or "0.05": above 0, at most 9000000, with at most 12 decimals';

describe('dollars', () => {
  it.each([
    ['25', 25_000_000_000_000n],
    ['0.1', 100_000_000_000n],
    ['"0.10"', 100_000_000_000n],
    ['"0.000000000001"', 1n],
    ['0.000001', 1_000_000n],
    ['"1234567.000000000001"', 1_234_567_000_000_000_001n],
    ['9000000', 9_000_000_000_000_000_000n],
  ])('are exact (%s)', (written, pico) => {
    expect(load(`costManagement: {budgetLimit: ${written}}`).costManagement.budgetLimit).toBe(pico);
  });

  it.each([
    '0',
    '"0.00"',
    '-1',
    '1e-7',
    '9000000.01',
    '"99999999"',
    '"0.0000000000001"',
    '"$5"',
    '"1,000"',
    '""',
    '.inf',
    '.nan',
    'true',
    '[1]',
  ])('are refused that are no amount (%s)', (written) => {
    expect(problems(`costManagement: {budgetLimit: ${written}}`)).toEqual([
      { path: 'costManagement.budgetLimit', message: LIMIT, source: 'config.yaml' },
    ]);
  });

  it.each(['0', '1', '10', '0.1', '100.05', '0.000000000001'])('%s reads back', (text) => {
    expect(formatDollars(parseDollars(text) ?? -1n)).toBe(text);
  });

  it.each(['', '.5', '1.', '+1', ' 1'])('do not read %j', (text) => {
    expect(parseDollars(text)).toBeUndefined();
  });
});

describe('costManagement', () => {
  it.each([
    ['0.5', [0.5]],
    ['[1, 0.5, 0.5]', [0.5, 1]],
    ['[]', []],
  ])('raises alerts at %s', (written, shares) => {
    const { alertThreshold } = load(`costManagement: {alertThreshold: ${written}}`).costManagement;
    expect(alertThreshold).toEqual(shares);
  });

  it.each(['0', '1.01', '80', 'high', '{}'])('does not raise alerts at %s', (written) => {
    expect(problems(`costManagement: {alertThreshold: ${written}}`)).toEqual([
      {
        path: 'costManagement.alertThreshold',
        message: 'must be a number above 0, at most 1, or a list of these',
        source: 'config.yaml',
      },
    ]);
  });

  it('names the member of a list of thresholds that is none', () => {
    expect(problems('costManagement: {alertThreshold: [0.5, 2]}')).toMatchObject([
      { path: expect.stringMatching(/^costManagement\.alertThreshold/) },
    ]);
  });

  it('takes the other keys as they are', () => {
    const yaml =
      'costManagement: {trackingEnabled: false, budgetPeriod: day, unpriced: mark, minOutputTokens: 16}';
    expect(load(yaml).costManagement).toMatchObject({
      trackingEnabled: false,
      budgetPeriod: 'day',
      unpriced: 'mark',
      minOutputTokens: 16,
    });
  });

  it.each(['budgets: [{name: a, limit: 1}]', 'costManagement: {budgetLimit: 1}'])(
    'keeps track where there is a budget (%s)',
    (yaml) => {
      const off = yaml.includes('costManagement')
        ? yaml.replace('{', '{trackingEnabled: false, ')
        : `${yaml}\ncostManagement: {trackingEnabled: false}`;
      expect(problems(off)).toEqual([
        {
          path: 'costManagement.trackingEnabled',
          message: 'must be true for budgets to hold',
          source: 'config.yaml',
        },
      ]);
    },
  );
});

describe('budgets', () => {
  it('are read as they are written', () => {
    const yaml = `
budgets:
  - {name: all, limit: 5}
  - {name: users, scope: user, match: "Jürgen *", limit: 1, period: day, alertThresholds: [1, 0.5]}
`;
    expect(load(yaml).budgets).toEqual([
      { name: 'all', scope: 'all', limit: 5_000_000_000_000n, period: 'month' },
      {
        name: 'users',
        scope: 'user',
        match: 'Jürgen *',
        limit: 1_000_000_000_000n,
        period: 'day',
        alertThresholds: [0.5, 1],
      },
    ]);
  });

  it.each([
    ['{limit: 1}', '.name', 'must be 1 to 63 lower-case letters, digits and hyphens'],
    ['{name: A, limit: 1}', '.name', 'must be 1 to 63 lower-case letters, digits and hyphens'],
    ['{name: a}', '.limit', LIMIT],
    ['{name: a, limit: 1, scope: team}', '.scope', 'must be one of all, user, project, model'],
    ['{name: a, limit: 1, period: year}', '.period', 'must be one of day, month, total'],
    ['{name: a, limit: 1, match: "*"}', '.match', 'needs the scope user, project or model'],
    [
      '{name: a, limit: 1, scope: user, match: ""}',
      '.match',
      'must be a text of 1 to 256 characters, none of them a control character',
    ],
    ['{name: a, limit: 1, alertThresholds: 0.5}', '.alertThresholds', 'must be a list'],
    [
      '{name: a, limit: 1, alertThresholds: [2]}',
      '.alertThresholds[0]',
      'must be a number above 0, at most 1',
    ],
    ['{name: a, limit: 1, limits: 1}', '.limits', 'unknown key; did you mean limit?'],
    ['3', '', 'must be a group of keys'],
  ])('are explained where they are wrong (%s)', (budget, path, message) => {
    expect(problems(`budgets: [${budget}]`)).toEqual([
      { path: `budgets[0]${path}`, message, source: 'config.yaml' },
    ]);
  });

  it('have names of their own, which is told beside other problems', () => {
    const yaml = 'budgets: [{name: a, limit: 1}, 3, {name: a}, {limit: 1}, {limit: 1}]';
    const found = problems(yaml).map(({ path, message }) => `${path} ${message.slice(0, 16)}`);
    expect(found.sort()).toEqual([
      'budgets[1] must be a group ',
      'budgets[2].limit must be US dolla',
      'budgets[2].name must differ from',
      'budgets[3].name must be 1 to 63 ',
      'budgets[4].name must be 1 to 63 ',
    ]);
    expect(problems('budgets: {}')).toMatchObject([{ path: 'budgets', message: 'must be a list' }]);
  });
});
