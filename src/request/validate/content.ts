import type { ContentPart, Message } from '../../core/message.ts';
import { checkFile } from './files.ts';
import { checkImage } from './images.ts';
import { checkWellFormed, WELL_FORMED_RULE } from './text.ts';
import type { Violations } from './violations.ts';

/** @param path of the message: `request.messages[0]` */
export function checkContent(violations: Violations, path: () => string, message: Message): void {
  const { content, role } = message;
  if (content.length === 0) {
    // A tool may have nothing to say.
    if (role === 'tool' || (role === 'assistant' && hasMoreThanText(message))) return;
    violations.malformed(`${path()}.content`, 'must not be empty');
  } else if (typeof content === 'string') {
    if (!content.isWellFormed()) violations.malformed(`${path()}.content`, WELL_FORMED_RULE);
  } else {
    content.forEach((part, index) => {
      checkPart(violations, () => `${path()}.parts[${index}]`, part, role);
    });
  }
}

/** A turn of the model may consist of tool calls alone, or of thoughts or searches if its limit cut it off behind them. */
function hasMoreThanText({ toolCalls, reasoningItems, reasoning, providerData }: Message): boolean {
  return [toolCalls, reasoningItems, reasoning, providerData].some((more) => more?.length);
}

function checkPart(
  violations: Violations,
  path: () => string,
  part: ContentPart,
  role: Message['role'],
): void {
  switch (part.type) {
    case 'text':
      if (part.text === '') violations.malformed(`${path()}.text`, 'must not be empty');
      checkWellFormed(violations, `${path()}.text`, part.text);
      break;
    case 'image':
      if (role !== 'user' && role !== 'tool') {
        violations.malformed(`${path()}.image`, 'is only allowed in user and tool messages');
      }
      checkImage(violations, path, part);
      break;
    case 'file':
      if (role !== 'user' && role !== 'tool') {
        violations.malformed(`${path()}.file`, 'is only allowed in user and tool messages');
      }
      checkFile(violations, path, part);
      break;
    default:
      violations.malformed(path(), 'must be a text, an image or a file');
  }
}
