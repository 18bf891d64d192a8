import type {
  EasyInputMessage,
  ResponseInputContent,
  ResponseInputFile,
  ResponseInputItem,
  ResponseInputText,
} from 'openai/resources/responses/responses';
import type { ContentPart, Message, ReasoningItem, ToolKind } from '../../core/message.ts';
import type { Model } from '../../core/model.ts';
import { present } from '../../core/present.ts';
import { fileSource } from '../request/file-data.ts';
import { imageUrl } from '../request/image-url.ts';
import { inLayout, type PartName } from './output-layout.ts';
import { givenId } from './sealed-ids.ts';
import { OpenCalls, toCallItem, toResultItem } from './tool-items.ts';

/**
 * A conversation as the Responses API takes it: a turn is one item, or several where it calls tools or
 * brings sealed reasoning. The API knows no names of participants.
 *
 * @param instructionRole the role in which the model takes instructions, whatever they are called
 * @param target the upstream, which gets back what it asked for and nothing of others
 */
export function toInput(
  messages: readonly Message[],
  instructionRole: Model['instructionRole'],
  target: string,
): ResponseInputItem[] {
  const calls = new OpenCalls();
  return messages.flatMap((message) =>
    toItems(message, { instructionRole, target, kind: calls.see(message) }),
  );
}

interface TurnContext {
  readonly instructionRole: Model['instructionRole'];
  readonly target: string;
  /** Of the call that the message answers, if it is a result. */
  readonly kind: ToolKind;
}

function toItems(
  message: Message,
  { instructionRole, target, kind }: TurnContext,
): ResponseInputItem[] {
  const content = mapParts(message.content, toInputContent);
  switch (message.role) {
    case 'system':
    case 'developer':
      return [{ type: 'message', role: instructionRole, content }];
    case 'user':
      return [{ type: 'message', role: 'user', content }];
    case 'assistant':
      return assistant(message, target);
    case 'tool':
      return [toResultItem(message, kind, content)];
  }
}

/**
 * In the order in which the upstream made it or, where it has not said that, as the API wants it:
 * reasoning before what it led to, and something behind it.
 */
function assistant(message: Message, target: string): ResponseInputItem[] {
  const { content, toolCalls = [], reasoningItems = [], providerData } = message;
  const parts = new Map<PartName, ResponseInputItem>();
  for (const item of reasoningItems) parts.set(`reasoning ${item.id}`, toReasoning(item));
  if (content.length > 0 || toolCalls.length === 0) parts.set('text', toOutputMessage(message));
  for (const call of toolCalls) parts.set(`call ${call.id}`, toCallItem(call, target));
  const items = [...inLayout(parts, target, providerData)] as ResponseInputItem[];
  // The limit cut it off in thought, or what it led to does not go back: an image.
  const endsInThought = items.at(-1)?.type === 'reasoning';
  return endsInThought ? [...items, toOutputMessage({ ...message, content: '' })] : items;
}

function toOutputMessage({ content, phase }: Message): EasyInputMessage {
  const parts = mapParts(content, (part) => ({ type: 'output_text', text: textOf(part) }));
  // The API takes parts of an answer without the ids that the SDK's type asks for.
  const said = parts as EasyInputMessage['content'];
  return {
    type: 'message',
    role: 'assistant',
    content: said,
    ...(phase && { phase: phase as NonNullable<EasyInputMessage['phase']> }),
  };
}

/** As long as an id may be that comes back. */
const MAX_ID_LENGTH = 64;

/**
 * Not every server gives an id, and GitHub Copilot gives some that it does not take back (openclaw#84774), while what is
 * sealed does not open with another: it goes without one, which the API takes and the SDK's type does not.
 */
function toReasoning({ id, type, encryptedContent, summary }: ReasoningItem): ResponseInputItem {
  const given = givenId(id);
  const own = given !== undefined && given.length <= MAX_ID_LENGTH ? { id: given } : {};
  const sealed =
    type === 'compaction'
      ? { type, ...own, encrypted_content: encryptedContent }
      : {
          type: 'reasoning',
          ...own,
          encrypted_content: encryptedContent,
          summary: summary.map((text) => ({ type: 'summary_text', text })),
        };
  return sealed as ResponseInputItem;
}

function toInputContent(part: ContentPart): ResponseInputText | ImageContent | ResponseInputFile {
  switch (part.type) {
    case 'text':
      return { type: 'input_text', text: part.text };
    case 'image':
      return { type: 'input_image', image_url: imageUrl(part), detail: part.detail ?? 'auto' };
    case 'file':
      return {
        type: 'input_file',
        ...fileSource(part),
        ...(part.uri !== undefined && { file_url: part.uri, ...present({ filename: part.name }) }),
      };
  }
}

type ImageContent = Extract<ResponseInputContent, { type: 'input_image' }>;

/** Images and files stand in no turn of the model. */
function textOf(part: ContentPart): string {
  return part.type === 'text' ? part.text : '';
}

/** The API takes an empty text, but no empty list. */
function mapParts<T>(content: Message['content'], map: (part: ContentPart) => T): string | T[] {
  if (content.length === 0) return '';
  return typeof content === 'string' ? content : content.map(map);
}
