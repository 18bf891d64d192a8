import { ATTRIBUTE } from './attributes.ts';
import { type Metrics, own, ownSeconds } from './metric-definition.ts';

/** Seconds: what this process does with a call takes a millisecond, or something is wrong. */
const OVERHEAD_SECONDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1,
];

const { target, reason, outcome, genAiRequestModel: model } = ATTRIBUTE;

/** Calls, their attempts, what policies made of them, and batches. */
export const CALLS = {
  activeCalls: own('upDownCounter', 'active_calls', '{call}', 'Calls that are being answered.'),
  callDuration: ownSeconds(
    'call.duration',
    'Duration of a call, all its attempts and waits included, by outcome.',
    [outcome, model],
  ),
  overhead: ownSeconds(
    'overhead.duration',
    'Time of a call in this process, upstream and waits left out: before the first attempt, between attempts, after the last.',
    [ATTRIBUTE.stageGroup],
    OVERHEAD_SECONDS,
  ),
  attempts: own('counter', 'attempts', '{attempt}', 'Requests to an upstream, by outcome.', [
    target,
    model,
    outcome,
  ]),
  retries: own(
    'counter',
    'retries',
    '{attempt}',
    'Attempts at a target after the first, by the reason of the failure before.',
    [target, reason],
  ),
  resumes: own(
    'counter',
    'resumes',
    '{connection}',
    'Connections over which a stored answer was gone on with (RESUME), by the reason of the break before.',
    [target, reason],
  ),
  fallbacks: own(
    'counter',
    'fallbacks',
    '{call}',
    'Calls that went on to another target, by the target they left and the reason.',
    [target, reason],
  ),
  hedges: own(
    'counter',
    'hedges',
    '{attempt}',
    'Second attempts beside one that was silent, by the target of that one and what became of them.',
    [target, outcome],
  ),
  hedgeSaved: own(
    'counter',
    'hedge.saved',
    's',
    'Time by which first outputs came sooner because of second attempts: at least, by what others took.',
    [target],
  ),
  hedgeCost: own(
    'counter',
    'hedge.cost',
    '{USD}',
    'What attempts cost that another one beside them was quicker than. Also in cost.',
    [target],
  ),
  answers: own('counter', 'answers', '{answer}', 'Answers that came to their end, by how.', [
    target,
    model,
    ATTRIBUTE.finishReason,
  ]),
  answerFaults: own(
    'counter',
    'answer_faults',
    '{answer}',
    'Answers that are of little use: refusal, empty, tool_arguments (no JSON), schema (the structured output misses it).',
    [target, model, ATTRIBUTE.fault],
  ),
  unknownParts: own(
    'counter',
    'unknown_parts',
    '{part}',
    'Events, fields, items and finish words of upstreams that are not known here; the log names each once.',
    [target, ATTRIBUTE.kind],
  ),
  circuitState: own(
    'observableGauge',
    'circuit.state',
    '{state}',
    'State of the circuit of a target: 0 closed, 1 half open, 2 open.',
    [target, model],
  ),
  queueDuration: ownSeconds(
    'queue.duration',
    'Time an attempt waited in this process before it was made; not if it did not.',
    [target, ATTRIBUTE.waitedFor],
  ),
  keysSetAside: own('counter', 'keys_set_aside', '{key}', 'API keys that were set aside.', [
    target,
    reason,
  ]),
  rateLimitHold: own(
    'observableGauge',
    'rate_limit.hold',
    's',
    'For how long nothing is sent to a target because it limits the rate; 0: it does not.',
    [target, model],
  ),
  batches: own('observableGauge', 'batches', '{batch}', 'Batches that have not ended.'),
  batchItems: own(
    'counter',
    'batch.items',
    '{item}',
    'Requests of batches that got a result, by how they were worked off.',
    [target, ATTRIBUTE.batchExecution, outcome],
  ),
} as const satisfies Metrics;
