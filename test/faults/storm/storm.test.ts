import { describe, expect, it } from '@jest/globals';
import { holds } from '../../../bench/storm/limits.ts';
import { cutsAndCancels, retryableFaults, type Verdict } from './findings.ts';

const STORM_MS = 60_000;
const SIZE = { seed: 1, atOnce: 50 };

function expectCalm({ findings, problems }: Verdict, calls: number): void {
  expect(problems).toEqual([]);
  expect(findings.filter((finding) => !holds(finding))).toEqual([]);
  expect(findings).toContainEqual({ name: 'calls', value: calls });
}

describe('a storm', () => {
  it(
    'of breaks, cancels and deadlines neither truncates nor mixes answers',
    async () => {
      expectCalm(await cutsAndCancels({ ...SIZE, calls: 300 }), 300);
    },
    STORM_MS,
  );

  it(
    'of failures that may pass fails no call but those that meet three',
    async () => {
      expectCalm(await retryableFaults({ ...SIZE, calls: 1000 }), 1000);
    },
    STORM_MS,
  );
});
