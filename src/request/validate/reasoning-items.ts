import type { Message } from '../../core/message.ts';
import { checkShortText, checkWellFormed, exceedsBytes, WELL_FORMED_RULE } from './text.ts';
import type { Violations } from './violations.ts';

const MAX_ITEMS = 128;
const TYPES: readonly string[] = ['reasoning', 'compaction'];
/** GitHub Copilot gives some of 416 characters: can1357/oh-my-pi#284. */
const MAX_ID_BYTES = 1_024;
/** The longest reasoning that models do, sealed, is less than a quarter of this. */
const MAX_CONTENT_BYTES = 4 * 1024 * 1024;

/**
 * The sealed reasoning of a turn.
 *
 * @param path of the message: `request.messages[0]`
 */
export function checkReasoningItems(
  violations: Violations,
  path: () => string,
  { role, reasoningItems: items }: Message,
): void {
  if (!items?.length) return;
  const all = `${path()}.reasoning_items`;
  if (role !== 'assistant') {
    violations.malformed(all, 'is only allowed in assistant messages');
    return;
  }
  if (items.length > MAX_ITEMS) violations.malformed(all, `must be at most ${MAX_ITEMS}`);
  const seen = new Set<string>();
  items.slice(0, MAX_ITEMS).forEach(({ id, encryptedContent, summary, type }, index) => {
    const one = `${all}[${index}]`;
    if (id === '') violations.malformed(`${one}.id`, 'must not be empty');
    // By its id an item is put in its place, and OpenAI refuses one that is there twice.
    else if (seen.has(id)) violations.malformed(`${one}.id`, 'must not be given twice in a turn');
    seen.add(id);
    checkShortText(violations, `${one}.id`, id, MAX_ID_BYTES);
    if (type !== undefined && type !== '' && !TYPES.includes(type)) {
      violations.malformed(`${one}.type`, `must be one of ${TYPES.join(', ')}`);
    }
    checkContent(violations, `${one}.encrypted_content`, encryptedContent);
    summary.forEach((text, part) => {
      checkWellFormed(violations, `${one}.summary[${part}]`, text);
    });
  });
}

function checkContent(violations: Violations, field: string, content: string): void {
  if (content === '') violations.malformed(field, 'must not be empty');
  else if (exceedsBytes(content, MAX_CONTENT_BYTES)) {
    violations.malformed(field, 'must be at most 4 MiB');
  } else if (!content.isWellFormed()) violations.malformed(field, WELL_FORMED_RULE);
}
