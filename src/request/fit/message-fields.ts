import type { ContentPart, Message, ToolKind } from '../../core/message.ts';
import { isBeyondChat } from './beyond-chat.ts';
import { lacking, missingOn, needsReasoning, type Problem } from './problems.ts';

/** A field of a message that some target cannot honour. */
export interface MessageField {
  /** Where it stands in the message, as the end of a proto path; empty: it does not. */
  readonly places: (message: Message) => readonly string[];
  /** The first that applies is told. */
  readonly problems: readonly Problem[];
  /** The message without it. Absent: it is part of what was said, so it stays. */
  readonly without?: (message: Message) => Message;
}

const NOWHERE: readonly string[] = [];

export const MESSAGE_FIELDS: readonly MessageField[] = [
  { places: ({ content }) => partsOf(content, isImage), problems: [lacking('images')] },
  { places: ({ content }) => partsOf(content, isFile), problems: [lacking('files')] },
  {
    places: ({ role, content }) => partsOf(content, (part) => isBeyondChat(part, role)),
    problems: [missingOn('chat_completions')],
  },
  { places: (message) => callsOf(message, 'custom'), problems: [lacking('customTools')] },
  {
    places: (message) => callsOf(message, 'apply_patch', 'shell', 'mcp_approval'),
    problems: [missingOn('chat_completions')],
  },
  {
    places: ({ name }) => (name ? ['name'] : NOWHERE),
    problems: [missingOn('responses')],
    without: ({ name: _, ...rest }) => rest,
  },
  {
    places: ({ reasoningItems }) => (reasoningItems?.length ? ['reasoning_items'] : NOWHERE),
    problems: [missingOn('chat_completions'), needsReasoning],
    without: ({ reasoningItems: _, ...rest }) => rest,
  },
];

function callsOf({ toolCalls = [] }: Message, ...kinds: readonly ToolKind[]): readonly string[] {
  return toolCalls.flatMap(({ kind }, index) =>
    kind !== undefined && kinds.includes(kind) ? [`tool_calls[${index}].kind`] : [],
  );
}

function partsOf(
  content: Message['content'],
  wanted: (part: ContentPart) => boolean,
): readonly string[] {
  if (typeof content === 'string') return NOWHERE;
  return content.flatMap((part, index) => (wanted(part) ? [`parts[${index}].${part.type}`] : []));
}

function isImage({ type }: ContentPart): boolean {
  return type === 'image';
}

function isFile({ type }: ContentPart): boolean {
  return type === 'file';
}
