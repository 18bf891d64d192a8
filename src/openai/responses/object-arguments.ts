import { isObject } from '../../core/is-object.ts';
import { recordOf, stringOr } from '../values/json-record.ts';
import { parseJsonExactly } from '../values/parse-json-exactly.ts';
import { ACTIONS } from './calls.ts';

/** Data of a call whose arguments are an object by another name. */
const ACTION = /"(?:apply_patch|shell)_call"/;

/** Data with arguments as the object that they should be the text of. */
const OBJECT_ARGUMENTS = /"arguments"\s*:\s*\{/;

export function hasObjectArguments(data: string): boolean {
  return data.includes('"arguments"') && OBJECT_ARGUMENTS.test(data);
}

interface WithArguments {
  readonly type?: unknown;
  readonly operation?: unknown;
  readonly action?: unknown;
  arguments?: unknown;
}

/**
 * The event or answer of the Responses API with such arguments as text, their numbers as they stood.
 * The operation of a patch and the action of a shell become arguments, too.
 *
 * @param data what it was parsed from
 */
export function withTextArguments<T extends object>(event: T, data: string): T {
  if (!mayHoldArguments(event)) return event;
  if (!hasObjectArguments(data) && !ACTION.test(data)) return event;
  const exact = holdersOf(parseJsonExactly(data));
  holdersOf(event).forEach((holder, i) => {
    const name = ACTIONS[stringOr(holder.type)] ?? 'arguments';
    if (isObject(holder[name])) holder.arguments = JSON.stringify(exact[i]?.[name]);
  });
  return event;
}

/** Most events are pieces of text, whose data need not be searched. */
function mayHoldArguments(value: object): boolean {
  const { item, output, response, arguments: given, operation, action } = recordOf(value);
  return Boolean(item || output || response) || [given, operation, action].some(isObject);
}

/** Everything in it that may hold arguments, always in the same order. */
function holdersOf(value: unknown): WithArguments[] {
  const event = recordOf(value);
  const outputs = [event.output, recordOf(event.response).output];
  const items = outputs.flatMap((output) => (Array.isArray(output) ? output : []));
  return [event, event.item, ...items].filter(isObject) as WithArguments[];
}
