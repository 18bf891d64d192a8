import { isObject } from './json-checks.ts';
import { recordOf } from './json-record.ts';
import { parseJsonExactly } from './parse-json-exactly.ts';

/** Data with arguments as the object that they should be the text of. */
const OBJECT_ARGUMENTS = /"arguments"\s*:\s*\{/;

export function hasObjectArguments(data: string): boolean {
  return data.includes('"arguments"') && OBJECT_ARGUMENTS.test(data);
}

interface WithArguments {
  arguments?: unknown;
}

/**
 * The event or answer of the Responses API with such arguments as text, their numbers as they stood.
 *
 * @param data what it was parsed from
 */
export function withTextArguments<T extends object>(event: T, data: string): T {
  if (!hasObjectArguments(data)) return event;
  const exact = holdersOf(parseJsonExactly(data));
  holdersOf(event).forEach((holder, i) => {
    if (isObject(holder.arguments)) holder.arguments = JSON.stringify(exact[i]?.arguments);
  });
  return event;
}

/** Everything in it that may hold arguments, always in the same order. */
function holdersOf(value: unknown): WithArguments[] {
  const event = recordOf(value);
  const outputs = [event.output, recordOf(event.response).output];
  const items = outputs.flatMap((output) => (Array.isArray(output) ? output : []));
  return [event, event.item, ...items].filter(isObject) as WithArguments[];
}
