import { afterEach, describe, expect, it } from '@jest/globals';
import { diag } from '@opentelemetry/api';
import { logDiagnostics } from '../../src/telemetry/diagnostics.ts';

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
});
