import { choice, flag, group, inMs } from './fields.ts';
import { byteSize, duration, wholeNumber } from './quantities.ts';
import { DAY, HOUR, SECOND } from './units.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

export const cacheSchema = group({
  enabled: flag(
    'Whether there is a response cache, which calls use that say nothing of it.',
    false,
  ),
  ttl: duration('How long an answer is kept whose call does not say.', {
    min: SECOND,
    max: 365 * DAY,
    default: HOUR,
  }),
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
    'Where answers are kept; memory: in this process, with which they go.',
    ['memory'],
    'memory',
  ),
  share: choice(
    'Who gets an answer: calls with the same project_id in their metadata, or all.',
    ['project', 'all'],
    'project',
  ),
  deterministicOnly: flag(
    'Whether only calls are served that ask for temperature 0, or whose model takes no temperature.',
    true,
  ),
  allowToolCalls: flag('Whether answers that call tools are kept.', false),
  allowInvalidate: flag(
    'Whether callers may take answers out with InvalidateCache, where there are no callers to have the right.',
    false,
  ),
}).transform(({ ttl, ...same }) => ({ ...same, ...inMs({ ttl }) }));
