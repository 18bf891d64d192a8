import type { MessageRequest } from '../../core/message.ts';
import type { Model, ModelParameter } from '../../core/model.ts';

/** The effort that the model will think with; undefined: its own default, which is not known. */
export function effectiveEffort(request: MessageRequest, model: Model): string | undefined {
  return request.reasoningEffort || model.reasoning.defaultEffort;
}

/** Whether the model takes the parameter while it thinks with this effort. */
export function accepts(
  model: Model,
  parameter: ModelParameter,
  effort: string | undefined,
): boolean {
  if (!model.rejects.includes(parameter)) return true;
  if (!model.acceptsWithoutReasoning.includes(parameter)) return false;
  // Where the default is not known but may be none, the upstream decides: it refuses for free.
  return effort === 'none' || (effort === undefined && model.reasoning.efforts.includes('none'));
}

/** Whether the caller gave the field a value: empty texts, lists and maps are none. */
export function isSet(value: MessageRequest[keyof MessageRequest]): boolean {
  if (value === undefined || value === '') return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

/** The request without the parameters that the model rejects, whatever it is asked over. */
export function withoutRejected(request: MessageRequest, model: Model): MessageRequest {
  const effort = effectiveEffort(request, model);
  const kept = { ...request };
  for (const name of model.rejects) if (!accepts(model, name, effort)) delete kept[name];
  return kept;
}
