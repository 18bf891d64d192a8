import { byModel, group, inMs, overrides } from './fields.ts';
import { duration, durationOrAuto } from './quantities.ts';
import { LONGEST, SECOND } from './units.ts';

const phases = {
  connect: duration('Until the connection to the upstream stands, TLS included.', {
    min: 1,
    max: LONGEST,
    default: 5 * SECOND,
  }),
  headers: durationOrAuto(
    'From the connection to the headers of the answer; auto is 30s, and where there is somewhere else to go a share of the remaining deadline, at most 10s.',
    { min: 1, max: LONGEST },
  ),
  firstToken: durationOrAuto(
    'From the headers of the answer to its first output; auto is 10m where the model reasons or cannot stream, else 60s, or where there is somewhere else to go a share of the remaining deadline, at most 10s.',
    { min: 1, max: LONGEST },
  ),
  idle: durationOrAuto(
    'Between two pieces of output; auto is 30s, and where the answer can go on elsewhere a share of the remaining deadline, at most 10s.',
    { min: 1, max: LONGEST },
  ),
};

/** Not of a model: what a server does behind its answer. */
const afterFinish = {
  afterFinish: duration(
    'How long a stream that stays open and silent behind a finish reason is waited for, without [DONE] and usage; 1s once either has come. The caller has all of the answer by then.',
    { min: 1, max: LONGEST, default: 5 * SECOND },
  ),
};

const ofModels = byModel(group(overrides(phases)).transform(inMs))
  .prefault({})
  .describe(
    'Other time-outs by model or pattern of models; the first that fits counts; default {}.',
  );

export const timeoutsSchema = group({ ...phases, ...afterFinish, models: ofModels }).transform(
  ({ models, ...times }) => ({ ...inMs(times), models }),
);

/** What a target has other than everybody else. */
export const targetTimeoutsSchema = group({
  ...overrides({ ...phases, ...afterFinish }),
  models: ofModels,
}).transform(({ models, ...times }) => ({ ...inMs(times), models }));
