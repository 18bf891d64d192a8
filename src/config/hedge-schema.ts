import { byModel, choice, group, overrides } from './fields.ts';
import { durationOrPercentile, share } from './quantities.ts';
import { LONGEST } from './units.ts';

const rule = {
  after: durationOrPercentile(
    'How long an attempt may have no output before a second one is made beside it; p95: as long as 95 of 100 attempts at the model there take to their first output, at most three times the median, and none is made before 50 were seen.',
    { min: 1, max: LONGEST },
  ),
  to: choice(
    'Where the second attempt is made: chain is the next route of the call, none if there is none; same is the same target.',
    ['chain', 'same'],
    'chain',
  ),
};

export const hedgeSchema = group({
  ...rule,
  maxShare: share()
    .default(0.05)
    .describe(
      'Second attempts per attempt, over all calls that could have one. A number above 0, at most 1; default 0.05.',
    ),
  models: byModel(group(overrides(rule)))
    .prefault({})
    .describe(
      'Another after and to by model or pattern of models; the first that fits counts; default {}.',
    ),
});
