import type { Message, MessageRequest } from '../../core/message.ts';
import type { Target } from '../../core/model.ts';
import type { Violations } from '../validate/violations.ts';
import { MESSAGE_FIELDS, type MessageField } from './message-fields.ts';
import { PARAMETERS } from './parameters.ts';
import type { Problem } from './problems.ts';

export interface FitOptions {
  /**
   * Leave out what only steers how an answer is sampled instead of refusing the call, and say so.
   * What the answer is made of is refused all the same: tools, images, formats, limits.
   */
  readonly dropUnsupported: boolean;
}

export interface Fitted {
  readonly request: MessageRequest;
  /** One sentence for each field that was left out. */
  readonly warnings: readonly string[];
}

/** Where the fields are told that the target cannot honour. */
type Refusals = Pick<Violations, 'unsupported'>;

/**
 * The request as its target takes it. What the target is known not to honour is refused, or left
 * out with a warning; nothing else is changed.
 */
export function fitToModel(
  request: MessageRequest,
  target: Target,
  refusals: Refusals,
  options: FitOptions,
): Fitted {
  const parameters = fitParameters(request, target, refusals, options);
  const messages = fitMessages(parameters.request, target, refusals, options);
  return {
    request: messages.request,
    warnings: [...parameters.warnings, ...messages.warnings],
  };
}

function fitParameters(
  request: MessageRequest,
  target: Target,
  refusals: Refusals,
  { dropUnsupported }: FitOptions,
): Fitted {
  const warnings: string[] = [];
  let fitted = request;
  for (const { path, isSet, problems, without } of PARAMETERS) {
    const problem = isSet(fitted) ? firstOf(problems, fitted, target) : undefined;
    if (problem === undefined) continue;
    if (dropUnsupported && without !== undefined) {
      fitted = without(fitted);
      warnings.push(`${path} was left out: it ${problem}.`);
    } else {
      refusals.unsupported(path, problem);
    }
  }
  return { request: fitted, warnings };
}

function fitMessages(
  request: MessageRequest,
  target: Target,
  refusals: Refusals,
  { dropUnsupported }: FitOptions,
): Fitted {
  const warnings: string[] = [];
  let { messages } = request;
  for (const field of MESSAGE_FIELDS) {
    const problem = firstOf(field.problems, request, target);
    if (problem === undefined) continue;
    const places = placesOf(field, messages);
    if (dropUnsupported && field.without !== undefined) {
      if (places.length === 0) continue;
      messages = messages.map(field.without);
      warnings.push(`${named(places)} left out: it ${problem}.`);
    } else {
      for (const place of places) refusals.unsupported(place, problem);
    }
  }
  return { request: messages === request.messages ? request : { ...request, messages }, warnings };
}

function firstOf(
  problems: readonly Problem[],
  request: MessageRequest,
  target: Target,
): string | undefined {
  for (const problem of problems) {
    const found = problem(request, target);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The proto paths of a field in all messages. */
function placesOf({ places }: MessageField, messages: readonly Message[]): readonly string[] {
  const found: string[] = [];
  for (const [index, message] of messages.entries()) {
    for (const place of places(message)) found.push(`request.messages[${index}].${place}`);
  }
  return found;
}

function named([first, ...others]: readonly string[]): string {
  return others.length === 0 ? `${first} was` : `${first} (and ${others.length} more like it) was`;
}
