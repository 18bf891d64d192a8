import type { MessageRequest } from '../../core/message.ts';
import { MAX_COUNT } from '../../core/usage.ts';
import { checkWellFormed } from './text.ts';
import type { Violations } from './violations.ts';

const MAX_STOPS = 4;
const MAX_BIAS = 100;
const TOKEN_ID = /^\d{1,10}$/;

/** The numbers that steer sampling, and where it stops. */
export function checkSampling(violations: Violations, request: MessageRequest): void {
  const range = (field: string, value: number | undefined, least: number, most: number) => {
    if (value === undefined || (value >= least && value <= most)) return;
    violations.malformed(`request.${field}`, `must be between ${least} and ${most}`);
  };
  range('temperature', request.temperature, 0, 2);
  range('top_p', request.topP, 0, 1);
  range('frequency_penalty', request.frequencyPenalty, -2, 2);
  range('presence_penalty', request.presencePenalty, -2, 2);
  const { maxTokens, seed } = request;
  if (maxTokens !== undefined && !isIntegerWithin(maxTokens, 1, MAX_COUNT)) {
    violations.malformed('request.max_tokens', 'must be an integer of 1 or more');
  }
  if (seed !== undefined && !Number.isSafeInteger(seed)) {
    violations.malformed('request.seed', 'must be an integer between -(2^53-1) and 2^53-1');
  }
  if (request.stop !== undefined) checkStop(violations, request.stop);
  if (request.logitBias !== undefined) checkBias(violations, request.logitBias);
}

function checkStop(violations: Violations, stop: readonly string[]): void {
  if (stop.length > MAX_STOPS) {
    violations.malformed('request.stop', `must be at most ${MAX_STOPS} strings`);
  }
  stop.forEach((text, index) => {
    if (text === '') violations.malformed(`request.stop[${index}]`, 'must not be empty');
    checkWellFormed(violations, `request.stop[${index}]`, text);
  });
}

function checkBias(violations: Violations, bias: Readonly<Record<string, number>>): void {
  for (const [token, value] of Object.entries(bias)) {
    if (!TOKEN_ID.test(token)) {
      violations.malformed(
        'request.logit_bias',
        'must have token ids, integers of 0 or more, as keys',
      );
    } else if (!isIntegerWithin(value, -MAX_BIAS, MAX_BIAS)) {
      violations.malformed(
        `request.logit_bias[${token}]`,
        `must be an integer between -${MAX_BIAS} and ${MAX_BIAS}`,
      );
    }
  }
}

function isIntegerWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
