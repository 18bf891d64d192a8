import type { Call } from '../../core/call.ts';
import { checkHostedTools } from './hosted-tools.ts';
import { checkMessages } from './messages.ts';
import { checkMetadata } from './metadata.ts';
import { checkResponseFormat } from './response-format.ts';
import { checkSampling } from './sampling.ts';
import { checkSchemaSizes } from './schema-sizes.ts';
import { checkService } from './service.ts';
import { isModelName } from './text.ts';
import { checkTools } from './tools.ts';
import type { Violations } from './violations.ts';

const MAX_FALLBACK_MODELS = 8;
const MAX_TIMEOUT_MS = 24 * 60 * 60 * 1_000;
const MODEL_NAME_RULE = 'must be 1 to 256 characters without control characters';

/**
 * Everything that is wrong with a call, whatever model it is for.
 *
 * @param model the name that is asked for
 */
export function validateCall(violations: Violations, call: Call, model: string): void {
  const { request } = call;
  if (!isModelName(model)) violations.malformed('request.model', MODEL_NAME_RULE);
  checkMessages(violations, request.messages);
  checkSampling(violations, request);
  checkSchemaSizes(violations, request, model);
  checkTools(violations, request);
  checkHostedTools(violations, request.hostedTools);
  checkResponseFormat(violations, request.responseFormat);
  checkService(violations, request);
  checkMetadata(violations, request.metadata);
  checkFallbackModels(violations, request.fallbackModels ?? []);
  checkTimeout(violations, 'options.first_token_timeout', call.firstTokenTimeoutMs);
  checkTimeout(violations, 'options.idle_timeout', call.idleTimeoutMs);
}

function checkFallbackModels(violations: Violations, models: readonly string[]): void {
  if (models.length > MAX_FALLBACK_MODELS) {
    violations.malformed('request.fallback_models', `must be at most ${MAX_FALLBACK_MODELS}`);
  }
  models.forEach((model, index) => {
    if (isModelName(model)) return;
    violations.malformed(`request.fallback_models[${index}]`, MODEL_NAME_RULE);
  });
}

function checkTimeout(violations: Violations, field: string, ms: number | undefined): void {
  if (ms === undefined || (ms > 0 && ms <= MAX_TIMEOUT_MS)) return;
  violations.malformed(field, 'must be greater than 0 and at most 24 h');
}
