import type { Message } from '../../core/message.ts';
import type { Values } from './json-values.ts';
import { exceedsBytes, WELL_FORMED_RULE } from './text.ts';
import type { Violations } from './violations.ts';

/** Of all JSON of a request that comes back from an earlier answer and is read: see `Values`. */
export const MAX_HANDED_BACK_VALUES = 131_072;
export const VALUES_RULE =
  'must have at most 131,072 values and 16,384 different names, with what else of JSON comes back';
/** Most bytes of an upstream's data that goes to the caller and comes back. */
export const MAX_PROVIDER_DATA_BYTES = 64 * 1024;
/** With their proto names. */
const OF_ASSISTANTS = [
  ['phase', 'phase'],
  ['providerData', 'provider_data'],
  ['reasoning', 'reasoning'],
] as const;
const PHASES: ReadonlySet<string> = new Set(['commentary', 'final_answer']);

/**
 * What of an earlier answer comes back with its turn, beside what was said.
 *
 * @param path of the message: `request.messages[0]`
 * @param values of the request
 */
export function checkHandedBack(
  violations: Violations,
  path: () => string,
  message: Message,
  values: Values,
): void {
  const { role, phase, providerData, reasoning, toolCalls } = message;
  if (role !== 'assistant') {
    if (!phase && !providerData && !reasoning) return;
    for (const [name, field] of OF_ASSISTANTS) {
      if (!message[name]) continue;
      violations.malformed(`${path()}.${field}`, 'is only allowed in assistant messages');
    }
    return;
  }
  if (phase && !PHASES.has(phase)) {
    violations.malformed(`${path()}.phase`, 'must be commentary or final_answer');
  }
  if (reasoning && !reasoning.isWellFormed()) {
    violations.malformed(`${path()}.reasoning`, WELL_FORMED_RULE);
  }
  const checkData = (field: () => string, data: string | undefined) => {
    const problem = data && dataProblem(data, values);
    if (problem) violations.malformed(field(), problem);
  };
  checkData(() => `${path()}.provider_data`, providerData);
  toolCalls?.forEach((call, i) => {
    checkData(() => `${path()}.tool_calls[${i}].provider_data`, call.providerData);
  });
}

function dataProblem(data: string, values: Values): string | undefined {
  if (exceedsBytes(data, MAX_PROVIDER_DATA_BYTES)) return 'must be at most 64 KiB';
  if (!data.isWellFormed()) return WELL_FORMED_RULE;
  return values.areTooMany || values.add(data) ? undefined : VALUES_RULE;
}
