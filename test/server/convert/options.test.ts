import { expect, it } from '@jest/globals';
import { StreamOptions, StreamRecovery } from '../../../src/gen/tamma/provider/v1/event.ts';
import { fromWireOptions as convert } from '../../../src/server/convert/options.ts';
import { WireViolations } from '../../../src/server/convert/violations.ts';

function options(fields: Partial<StreamOptions>): StreamOptions {
  return { ...StreamOptions.decode(new Uint8Array()), ...fields };
}

const fromWireOptions = (good: StreamOptions | undefined) => convert(good, new WireViolations());

it('leaves out what is not set', () => {
  expect(fromWireOptions(undefined)).toStrictEqual({});
  expect(fromWireOptions(options({}))).toStrictEqual({});
});

it('reads recovery and time-outs in ms', () => {
  const wire = options({
    recovery: StreamRecovery.HOLD_BACK,
    firstTokenTimeout: { seconds: 2n, nanos: 500_000_000 },
    idleTimeout: { seconds: 0n, nanos: 0 },
  });
  expect(fromWireOptions(wire)).toStrictEqual({
    recovery: 'hold_back',
    firstTokenTimeoutMs: 2500,
    idleTimeoutMs: 0,
  });
});

it('names every bad field at once', () => {
  const bad = options({
    recovery: 99 as never,
    firstTokenTimeout: { seconds: 1n, nanos: -1 },
    idleTimeout: { seconds: 0n, nanos: 1_000_000_000 },
  });
  const description = 'must be a valid duration: at most 10,000 years, one sign';
  const violations = new WireViolations();
  convert(bad, violations);
  expect(violations.found).toEqual([
    { field: 'options.recovery', description: 'has the unknown value 99' },
    { field: 'options.first_token_timeout', description },
    { field: 'options.idle_timeout', description },
  ]);
});
