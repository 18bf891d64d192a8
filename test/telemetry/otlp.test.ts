import { describe, expect, it } from '@jest/globals';
import { AttributeSets } from '../../src/telemetry/attribute-sets.ts';
import { createOtlpMetricReader, exportsOverOtlp } from '../../src/telemetry/otlp.ts';

const ENDPOINT = 'http://127.0.0.1:4318';

describe('exportsOverOtlp', () => {
  it.each([
    [{}, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT }, true],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ENDPOINT }, true],
    [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: ENDPOINT }, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, OTEL_TRACES_EXPORTER: 'console, otlp' }, true],
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, false],
  ])('decides for traces, given %j: %s', (environment, expected) => {
    expect(exportsOverOtlp('TRACES', environment)).toBe(expected);
  });

  it('decides for metrics by their own variables', () => {
    const environment = {
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: ENDPOINT,
      OTEL_TRACES_EXPORTER: 'none',
    };

    expect(exportsOverOtlp('METRICS', environment)).toBe(true);
    expect(
      exportsOverOtlp('METRICS', { ...environment, OTEL_METRICS_EXPORTER: 'prometheus' }),
    ).toBe(false);
  });
});

it('decides for logs by their own variables, and the common endpoint', () => {
  const own = { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: ENDPOINT };
  expect(exportsOverOtlp('LOGS', own)).toBe(true);
  expect(exportsOverOtlp('LOGS', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ENDPOINT })).toBe(false);
  expect(exportsOverOtlp('LOGS', { ...own, OTEL_LOGS_EXPORTER: 'none' })).toBe(false);
});

describe('createOtlpMetricReader', () => {
  it.each([
    ['grpc', '1000'],
    ['http/json', undefined],
    ['http/protobuf', 'soon'],
    [undefined, '-1'],
  ])('makes a reader for the protocol %s and the interval %s', async (protocol, interval) => {
    const environment = {
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_METRIC_EXPORT_INTERVAL: interval,
    };
    const reader = createOtlpMetricReader(environment, new AttributeSets());

    await expect(reader.shutdown()).resolves.toBeUndefined();
  });

  it.each([
    ['99999999999', undefined, 2 ** 31 - 1, 30_000],
    ['Infinity', '5000', 2 ** 31 - 1, 5_000],
    ['1000', '5000', 1_000, 1_000],
    [undefined, '0', 60_000, 30_000],
  ])('exports every %s ms, each within %s', async (interval, timeout, every, within) => {
    const reader = createOtlpMetricReader(
      { OTEL_METRIC_EXPORT_INTERVAL: interval, OTEL_METRIC_EXPORT_TIMEOUT: timeout },
      new AttributeSets(),
    );
    expect(reader).toMatchObject({ _exportInterval: every, _exportTimeout: within });
    await reader.shutdown();
  });
});
