import type { Message } from '../../core/message.ts';
import { checkContent } from './content.ts';
import { checkHandedBack, MAX_HANDED_BACK_VALUES } from './handed-back.ts';
import { Values } from './json-values.ts';
import { checkReasoningItems } from './reasoning-items.ts';
import { isPrintable } from './text.ts';
import { ToolCallMatching } from './tool-call-matching.ts';
import type { Violations } from './violations.ts';

const ROLES: ReadonlySet<string> = new Set(['system', 'developer', 'user', 'assistant', 'tool']);

/** No model's window holds as many, and looking at a million would hold up every other call. */
const MAX_MESSAGES = 16_384;

/** Letters of any script, but nothing that a chat template could take for its own syntax. */
const NAME = /^[^\s<|\\/>]{1,64}$/u;

/** Roles, contents, names, reasoning, and tool calls and their results. */
export function checkMessages(violations: Violations, messages: readonly Message[]): void {
  if (messages.length === 0) {
    violations.malformed('request.messages', 'must hold at least one message');
  } else if (messages.length > MAX_MESSAGES) {
    violations.malformed('request.messages', `must be at most ${MAX_MESSAGES}`);
    return;
  }
  const values = new Values(MAX_HANDED_BACK_VALUES);
  const matching = new ToolCallMatching(violations, values);
  messages.forEach((message, index) => {
    const path = () => `request.messages[${index}]`;
    if (!ROLES.has(message.role)) {
      violations.malformed(`${path()}.role`, `must be one of ${[...ROLES].join(', ')}`);
    }
    checkContent(violations, path, message);
    checkName(violations, path, message);
    checkReasoningItems(violations, path, message);
    checkHandedBack(violations, path, message, values);
    matching.check(path, message);
  });
  matching.close();
}

function checkName(violations: Violations, path: () => string, message: Message): void {
  const { name } = message;
  if (!name) return;
  if (message.role === 'tool') {
    violations.malformed(`${path()}.name`, 'must not be set in tool messages');
  } else if (!NAME.test(name) || !isPrintable(name)) {
    violations.malformed(
      `${path()}.name`,
      'must be at most 64 characters without white space and < | \\ / >',
    );
  }
}
