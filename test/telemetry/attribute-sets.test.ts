import { expect, it } from '@jest/globals';
import type { Attributes } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type CollectionResult,
  MeterProvider,
  MetricReader,
} from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { AttributeSets } from '../../src/telemetry/attribute-sets.ts';

class Reader extends MetricReader {
  constructor(temporality: AggregationTemporality) {
    super({ aggregationTemporalitySelector: () => temporality });
  }
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

const LIMIT = 5;

/** A counter and a histogram of the SDK alone, or behind numbers. */
function subject(temporality: AggregationTemporality, sets?: AttributeSets) {
  const reader = new Reader(temporality);
  const views = [{ instrumentName: '*', aggregationCardinalityLimit: LIMIT }];
  const meter = new MeterProvider({ readers: [reader], views }).getMeter('test');
  const counter = meter.createCounter('counter');
  const histogram = meter.createHistogram('histogram');
  const collected = async () => {
    const collect = () => reader.collect();
    return pointsOf(await (sets === undefined ? collect() : sets.collect(collect)));
  };
  return {
    counter: sets === undefined ? counter : sets.numbering(counter),
    histogram: sets === undefined ? histogram : sets.numbering(histogram),
    collected,
  };
}

function pointsOf({ resourceMetrics }: CollectionResult): readonly unknown[] {
  return resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
    metrics.flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => ({ of: descriptor.name, attributes, value })),
    ),
  );
}

const attributes = fc.dictionary(
  fc.constantFrom('model', 'target', 'port', 'tamma'),
  fc.oneof(fc.constantFrom('a', 'b', ''), fc.constantFrom(1, 2)),
);
/** A measurement; or, without a value, a collection. */
const step = fc.record({
  value: fc.option(fc.nat(9), { freq: 6 }),
  set: fc.nat(7),
  frozen: fc.boolean(),
});

it.each([
  ['cumulative', AggregationTemporality.CUMULATIVE],
  ['delta', AggregationTemporality.DELTA],
])('collects what the SDK would without it, %s', async (_, temporality) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(attributes, { minLength: 8, maxLength: 8 }),
      fc.array(step),
      async (known, steps) => {
        const frozen = known.map((set) => Object.freeze({ ...set }));
        const plain = subject(temporality);
        const numbered = subject(temporality, new AttributeSets());
        for (const { value, set, frozen: isFrozen } of steps) {
          if (value === null) {
            expect(await numbered.collected()).toEqual(await plain.collected());
            continue;
          }
          const given: Attributes = (isFrozen ? frozen[set] : { ...known[set] }) ?? {};
          for (const { counter, histogram } of [plain, numbered]) {
            counter.add(value, given);
            histogram.record(value, given);
          }
        }
        expect(await numbered.collected()).toEqual(await plain.collected());
      },
    ),
    { numRuns: 50 },
  );
});

it('hands on the sets that come after 20,000 others', async () => {
  const sets = new AttributeSets();
  const { counter, collected } = subject(AggregationTemporality.CUMULATIVE, sets);
  const other = sets.numbering({ add: () => {} });
  for (let i = 0; i < 20_000; i += 1) other.add(1, { i });
  counter.add(1, { model: 'late' });
  counter.add(1, Object.freeze({ model: 'late' }));
  counter.add(1, { i: 7 });
  expect(await collected()).toEqual([
    { of: 'counter', attributes: { model: 'late' }, value: 2 },
    { of: 'counter', attributes: { i: 7 }, value: 1 },
  ]);
});

it('leaves what is observed alone', () => {
  const gauge = { addCallback: () => {}, removeCallback: () => {} };
  expect(new AttributeSets().numbering(gauge)).toBe(gauge);
});
