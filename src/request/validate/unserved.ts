import type { Call } from '../../core/call.ts';
import type { MessageRequest } from '../../core/message.ts';
import type { Violations } from './violations.ts';

/** By field, or by field and value (`context_policy: COMPACT`), whether what holds it asks for it. */
type Fields = Readonly<Record<string, (request: MessageRequest) => unknown>>;

/*
 * What stands in the contract and is refused whatever the model, because nothing serves it yet: nothing,
 * at the moment. A row goes when its field is served; the field's comment in the contract says the same,
 * held to by a test.
 */

const UNSERVED_FIELDS: Fields = {};

/** As GetCapabilities lists them: paths of a SendMessageRequest, sorted. */
export const UNSERVED: readonly string[] = Object.keys(UNSERVED_FIELDS)
  .map((field) => `request.${field}`)
  .sort();

/** Refuses what nothing serves: it would otherwise be dropped without a word. */
export function checkUnserved(
  violations: Violations,
  { request }: Call,
  fields = UNSERVED_FIELDS,
): void {
  for (const name in fields) {
    const value = fields[name]?.(request);
    if (value === undefined || value === false) continue;
    const [field, word] = name.split(': ');
    const what = word === undefined ? 'is' : `${word} is`;
    violations.unsupported(`request.${field}`, `${what} not served by this version`);
  }
}
