import { afterEach, describe, expect, it } from '@jest/globals';
import { diag } from '@opentelemetry/api';
import { hideExporterSecrets, logDiagnostics } from '../../src/telemetry/diagnostics.ts';

afterEach(() => diag.disable());

describe('what OpenTelemetry says of itself', () => {
  it('reaches the log where it is a warning or an error, shortened', () => {
    const lines: object[] = [];
    logDiagnostics({ warn: (fields: object) => void lines.push(fields) });
    diag.warn('the collector', new Error('is away'));
    diag.error('x'.repeat(5000));
    diag.info('nobody needs this');
    expect(lines).toEqual([{ said: 'the collector Error: is away' }, { said: 'x'.repeat(1000) }]);
  });

  it('is logged once a minute, with how often it was said meanwhile', () => {
    const lines: object[] = [];
    let now = 0;
    logDiagnostics({ warn: (fields: object) => void lines.push(fields) }, () => now);
    for (; now <= 120_000; now += 5_000) diag.error('the collector is away');
    diag.error('something else');
    const said = 'the collector is away';
    expect(lines).toEqual([
      { said },
      { said, more: 11 },
      { said, more: 11 },
      { said: 'something else' },
    ]);
  });

  it('shows what went wrong, not where the SDK noticed, and no secret that a collector quotes', () => {
    const lines: object[] = [];
    hideExporterSecrets({
      OTEL_EXPORTER_OTLP_HEADERS:
        'x-api-key=planted%20one, authorization=Basic cGxhbnRlZA==,x-scope=tenant-1',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'token=planted-100%-two',
    });
    logDiagnostics({ warn: (fields: object) => void lines.push(fields) });
    const data =
      'no planted one, no cGxhbnRlZA==, no planted-100%-two, no Bearer abcdefgh for tenant-1';
    diag.error(JSON.stringify({ stack: 'x'.repeat(5000), message: 'Unauthorized', data }));
    diag.error('{"message":"no stack"}');
    const hidden = 'no [redacted], no [redacted], no [redacted], no [redacted] for tenant-1';
    expect(lines).toEqual([
      { said: JSON.stringify({ message: 'Unauthorized', data: hidden }) },
      { said: '{"message":"no stack"}' },
    ]);
  });
});
