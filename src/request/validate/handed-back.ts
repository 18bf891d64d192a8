import type { Message } from '../../core/message.ts';
import { exceedsBytes, WELL_FORMED_RULE } from './text.ts';
import type { Violations } from './violations.ts';

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
 */
export function checkHandedBack(
  violations: Violations,
  path: () => string,
  message: Message,
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
  checkData(violations, () => `${path()}.provider_data`, providerData);
  toolCalls?.forEach((call, i) => {
    checkData(violations, () => `${path()}.tool_calls[${i}].provider_data`, call.providerData);
  });
}

function checkData(violations: Violations, field: () => string, data: string | undefined): void {
  if (!data) return;
  if (exceedsBytes(data, MAX_PROVIDER_DATA_BYTES)) {
    violations.malformed(field(), 'must be at most 64 KiB');
  } else if (!data.isWellFormed()) violations.malformed(field(), WELL_FORMED_RULE);
}
