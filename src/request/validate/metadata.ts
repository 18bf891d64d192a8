import { namesSpender } from '../../core/caller.ts';
import type { MessageRequest } from '../../core/message.ts';
import { exceedsBytes, isPrintable, WELL_FORMED_RULE } from './text.ts';
import type { Violations } from './violations.ts';

const PATH = 'request.metadata';
const MAX_ENTRIES = 32;
const MAX_KEY_BYTES = 64;
const MAX_VALUE_BYTES = 512;

/** The caller's labels. */
export function checkMetadata(violations: Violations, metadata: MessageRequest['metadata']): void {
  if (metadata === undefined) return;
  const entries = Object.entries(metadata);
  if (entries.length > MAX_ENTRIES) {
    violations.malformed(PATH, `must be at most ${MAX_ENTRIES} entries`);
  }
  for (const [key, value] of entries) {
    if (key === '' || exceedsBytes(key, MAX_KEY_BYTES) || !isPrintable(key)) {
      violations.malformed(
        PATH,
        `must have keys of 1 to ${MAX_KEY_BYTES} bytes without control characters`,
      );
    } else if (exceedsBytes(value, MAX_VALUE_BYTES)) {
      violations.malformed(`${PATH}[${key}]`, `must be at most ${MAX_VALUE_BYTES} bytes`);
    } else if (!value.isWellFormed()) {
      violations.malformed(`${PATH}[${key}]`, WELL_FORMED_RULE);
    } else if (namesSpender(key) && !isPrintable(value)) {
      // It stands in tables, where a terminal would do what it says.
      violations.malformed(`${PATH}[${key}]`, 'must be without control characters');
    }
  }
}
