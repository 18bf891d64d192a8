import { z } from 'zod';
import { byModel, choice, flag, group, inMs, overrides } from './fields.ts';
import { oneOf } from './models-schema.ts';
import { byteSize, duration, wholeNumber } from './quantities.ts';
import { TASKS } from './tasks.ts';
import { DAY, GIB, HOUR, MIB, SECOND } from './units.ts';

const rule = {
  enabled: flag(
    'Whether there is a response cache, which calls use that say nothing of it.',
    false,
  ),
  ttl: duration('How long an answer is kept whose call does not say.', {
    min: SECOND,
    max: 365 * DAY,
    default: HOUR,
  }),
  deterministicOnly: flag(
    'Whether only calls are served that ask for temperature 0, or whose model takes no temperature.',
    true,
  ),
  allowToolCalls: flag(
    'Whether answers are kept that call tools, or for which the upstream ran some.',
    false,
  ),
};

const ownRule = group(overrides(rule)).transform(({ ttl, ...same }) => ({
  ...same,
  ...(ttl !== undefined && inMs({ ttl })),
}));

export const cacheSchema = group({
  ...rule,
  maxBytes: byteSize('Size of all answers together; the longest unused go first.', {
    min: MIB,
    max: 64 * GIB,
    default: 64 * MIB,
  }),
  maxEntries: wholeNumber('Answers that are kept; the longest unused go first.', {
    min: 1,
    max: 1_000_000,
    default: 10_000,
  }),
  storage: choice(
    'Where answers are kept; memory: in this process, with which they go; sqlite: in dataDir; redis: with store: redis, where several sidecars share them.',
    ['memory', 'sqlite', 'redis'],
    'memory',
  ),
  share: choice(
    'Who gets an answer: calls with the same project_id in their metadata, or all.',
    ['project', 'all'],
    'project',
  ),
  allowInvalidate: flag(
    'Whether callers may take answers out with InvalidateCache, where there are no callers to have the right.',
    false,
  ),
  models: byModel(ownRule)
    .prefault({})
    .describe(
      'Another enabled, ttl, deterministicOnly and allowToolCalls by model or pattern of models; the first that fits counts; default {}.',
    ),
  tasks: z
    .partialRecord(oneOf(TASKS), ownRule, 'must be a group of keys')
    .prefault({})
    .describe('The same by task_type, before what is said of a model; default {}.'),
}).transform(({ ttl, ...same }) => ({ ...same, ...inMs({ ttl }) }));
