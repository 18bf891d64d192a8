import type { Call, Stage } from '../call.ts';
import type { ProviderEvent } from '../events.ts';
import { isModelName } from '../validate/text.ts';
import { validateCall } from '../validate/validate-call.ts';

export interface PrepareOptions {
  /** Model of requests that name none. */
  readonly defaultModel: string;
}

/** The cheapest refusal: before anything is spent on the call. See prepareCall. */
export function prepare(options: PrepareOptions): Stage {
  return (next) => (call) => {
    let prepared: Call;
    try {
      prepared = prepareCall(call, options);
    } catch (refusal) {
      return failing(refusal);
    }
    return next(prepared);
  };
}

/**
 * Resolves the model and validates the request.
 *
 * @throws ProviderError with every violation: INVALID_REQUEST if a field is malformed, else
 *   UNSUPPORTED_PARAMETER if one asks for what this provider cannot do.
 */
export function prepareCall(call: Call, options: PrepareOptions): Call {
  const model = call.request.model || options.defaultModel;
  // The record goes into logs and metrics, where a malformed name has no business.
  if (isModelName(model)) call.record.model = model;
  const prepared = { ...call, model };
  const refusal = validateCall(prepared);
  if (refusal !== undefined) throw refusal;
  return prepared;
}

/** Fails when it is read, as every handler does. */
function failing(error: unknown): AsyncIterable<ProviderEvent> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
}
