import { z } from 'zod';
import { choice, group } from './fields.ts';
import { wholeNumber } from './quantities.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export const logLevel = choice('Least severe level that is logged.', LOG_LEVELS, 'info');

function ofArea(what: string) {
  return z
    .enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`)
    .exactOptional()
    .describe(
      `The same for ${what}. One of ${LOG_LEVELS.join(', ')}. No default; left out: logLevel.`,
    );
}

export const logSchema = group({
  levels: group({
    calls: ofArea('the lines of calls'),
    server: ofArea('listeners, connections and the admin port'),
    provider: ofArea('targets, keys, limits, prices, budgets and what is kept'),
    batches: ofArea('batches'),
  })
    .prefault({})
    .describe('Levels of single areas.'),
  maxRepeats: wholeNumber(
    'Lines of failed calls with one reason at one target in ten seconds; further ones are counted in one line. 0: every call has its own.',
    { min: 0, max: 1_000_000, default: 100 },
  ),
});

export const telemetrySchema = group({
  events: choice(
    'Whether AI.REQUEST.STARTED, AI.RESPONSE.COMPLETED and AI.RESPONSE.FAILED are sent as log records of OpenTelemetry, to where OTEL_* says.',
    ['off', 'on'],
    'off',
  ),
});
