import type {
  ContentPart,
  FilePart,
  ImagePart,
  Message,
  ReasoningItem,
  ToolCall,
} from '../../core/message.ts';
import { present } from '../../core/present.ts';
import type * as wire from '../../gen/tamma/provider/v1/message.ts';
import { IMAGE_DETAIL, ROLE, TOOL_KIND } from './enums.ts';
import { list, text } from './present.ts';
import { optionalEnum, requiredEnum, type WireViolations } from './violations.ts';

/** One turn of a conversation. `field` is its proto path. */
export function fromWireMessage(
  message: wire.Message,
  field: string,
  violations: WireViolations,
): Message {
  return {
    // Whatever stands in for a bad role, the message is refused.
    role: requiredEnum(ROLE, message.role, `${field}.role`, violations) ?? 'user',
    content: fromWireContent(message, field, violations),
    ...present({
      toolCalls: list(
        message.toolCalls.map((call, i) => fromWireToolCall(call, i, field, violations)),
      ),
      toolCallId: text(message.toolCallId),
      name: text(message.name),
      reasoningItems: list(message.reasoningItems.map(fromWireReasoningItem)),
      phase: text(message.phase),
      providerData: text(message.providerData),
      reasoning: text(message.reasoning),
    }),
  };
}

function fromWireReasoningItem({ type, ...item }: wire.ReasoningItem): ReasoningItem {
  return { ...item, ...present({ type: text(type) }) };
}

function fromWireToolCall(
  { id, name, arguments: args, kind, providerData }: wire.ToolCall,
  index: number,
  field: string,
  violations: WireViolations,
): ToolCall {
  return {
    id,
    name,
    arguments: args,
    ...present({
      kind: optionalEnum(TOOL_KIND, kind, `${field}.tool_calls[${index}].kind`, violations),
      providerData: text(providerData),
    }),
  };
}

function fromWireContent(
  message: wire.Message,
  field: string,
  violations: WireViolations,
): Message['content'] {
  if (message.parts.length === 0) return message.content;
  const parts = message.parts.flatMap(
    (part, i) => fromWirePart(part, `${field}.parts[${i}]`, violations) ?? [],
  );
  if (message.content !== '') violations.add(`${field}.parts`, 'must be empty if content is set');
  return parts;
}

function fromWirePart(
  { part }: wire.ContentPart,
  field: string,
  violations: WireViolations,
): ContentPart | undefined {
  switch (part?.$case) {
    case 'text':
      return { type: 'text', text: part.value };
    case 'image':
      return fromWireImage(part.value, `${field}.image`, violations);
    case 'file':
      return fromWireFile(part.value, `${field}.file`, violations);
    default:
      return violations.add(field, 'must be text, an image or a file');
  }
}

function fromWireImage(
  image: wire.Image,
  field: string,
  violations: WireViolations,
): ImagePart | undefined {
  const detail = optionalEnum(IMAGE_DETAIL, image.detail, `${field}.detail`, violations);
  const rest = present({ mediaType: text(image.mediaType), detail });
  switch (image.source?.$case) {
    case 'data':
      return { type: 'image', data: image.source.value, ...rest };
    case 'uri':
      return { type: 'image', uri: image.source.value, ...rest };
    default:
      return violations.add(`${field}.source`, 'must be data or a uri');
  }
}

function fromWireFile(
  file: wire.File,
  field: string,
  violations: WireViolations,
): FilePart | undefined {
  const rest = present({ name: text(file.name), mediaType: text(file.mediaType) });
  switch (file.source?.$case) {
    case 'data':
      return { type: 'file', data: file.source.value, ...rest };
    case 'uri':
      return { type: 'file', uri: file.source.value, ...rest };
    case 'fileId':
      return { type: 'file', fileId: file.source.value, ...rest };
    default:
      return violations.add(`${field}.source`, 'must be data, a uri or a file_id');
  }
}
