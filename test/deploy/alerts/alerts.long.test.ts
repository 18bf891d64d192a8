import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { ROWS } from '../../../scripts/monitoring/panels.ts';
import { SmallDisk } from '../../support/small-disk.ts';
import { FAULTS, type Fault } from './faults.ts';
import { firing, hasPromtool, RULES, testRules } from './promtool.ts';
import type { ScrapedSeries } from './scraped-series.ts';
import { WatchedSidecar } from './watched-sidecar.ts';

const BEFORE = 10;
const DURING = 20;

/** What Grafana puts in the place of the dashboard's variables. */
const VARIABLES = { $job: '.*', $instance: '.*', $__rate_interval: '5m' };

const seen: ScrapedSeries[] = [];

async function watch(fault: Fault): Promise<ScrapedSeries> {
  const { before = BEFORE, during = DURING, usual = (one) => one.ask(2), begin, goOn } = fault;
  const sidecar = await WatchedSidecar.start(fault);
  try {
    for (let scrape = 0; scrape < before; scrape += 1) {
      await usual(sidecar);
      await sidecar.scrape();
    }
    await begin?.(sidecar);
    for (let scrape = 0; scrape < during; scrape += 1) {
      await goOn(sidecar, scrape);
      await sidecar.scrape();
    }
    return sidecar.series;
  } finally {
    await sidecar.close();
  }
}

function inGrafana(expr: string): string {
  return Object.entries(VARIABLES).reduce(
    (text, [name, value]) => text.replaceAll(name, value),
    expr,
  );
}

if (!hasPromtool) {
  it('says that alerts are not evaluated', () => {
    process.stderr.write('Alerts were not evaluated: there is no promtool on the PATH.\n');
    expect(hasPromtool).toBe(false);
  });
} else {
  const trial = SmallDisk.mount(1);
  trial?.unmount();
  const [here, elsewhere] = [
    FAULTS.filter(({ diskMebibytes }) => trial !== undefined || diskMebibytes === undefined),
    FAULTS.filter(({ diskMebibytes }) => trial === undefined && diskMebibytes !== undefined),
  ];

  describe('a sidecar', () => {
    for (const { name } of elsewhere)
      it.skip(`${name} (left out: no file system can be mounted here)`, () => {});

    it.each(here.map((fault) => [fault.name, fault] as const))(
      'that has a fault raises its alerts, and no other, and none before: %s',
      async (_, fault) => {
        const series = await watch(fault);
        const { alerts, before = BEFORE, during = DURING, interval = 1 } = fault;
        if (interval === 1) seen.push(series);
        const last = (before + during - 1) * interval;
        const expectations = [firing((before - 1) * interval, []), firing(last, alerts)];
        expect(testRules({ interval, series: [series], expectations })).toBe('');
      },
    );
  });

  describe('the dashboard', () => {
    it('has no panel that finds nothing', () => {
      const expectations = ROWS.flatMap(({ panels }) => panels)
        .flatMap(({ queries }) => queries)
        .map(({ expr }) => ({
          expr: `count(${inGrafana(expr)}) > bool 0`,
          atMinute: BEFORE + 5,
          finds: ['{}'],
        }));
      expect(testRules({ interval: 1, series: seen, expectations })).toBe('');
    });
  });

  describe('the rules', () => {
    it('have a fault for each alert', () => {
      const { groups } = parse(readFileSync(RULES, 'utf8'));
      const alerts: readonly string[] = groups
        .flatMap(({ rules }: { readonly rules: readonly { readonly alert?: string }[] }) => rules)
        .flatMap(({ alert }: { readonly alert?: string }) => alert ?? []);
      expect([...new Set(FAULTS.flatMap((fault) => fault.alerts))].sort()).toEqual(
        [...alerts].sort(),
      );
    });
  });
}
