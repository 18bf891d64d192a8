import type { Stage } from '../call.ts';
import type { ProviderEvent } from '../events.ts';
import { isModelName } from '../validate/text.ts';
import { validateCall } from '../validate/validate-call.ts';

/**
 * The cheapest refusal: resolves the model and validates the request before anything is spent on it.
 * Throws one error with every violation: INVALID_REQUEST if a field is malformed, else
 * UNSUPPORTED_PARAMETER if one asks for what this provider cannot do.
 */
export function prepare(options: {
  /** Model of requests that name none. */
  readonly defaultModel: string;
}): Stage {
  return (next) => (call) => {
    const model = call.request.model || options.defaultModel;
    // The record goes into logs and metrics, where a malformed name has no business.
    if (isModelName(model)) call.record.model = model;
    const prepared = { ...call, model };
    const refusal = validateCall(prepared);
    return refusal === undefined ? next(prepared) : failing(refusal);
  };
}

/** Fails when it is read, as every handler does. */
function failing(error: Error): AsyncIterable<ProviderEvent> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
}
