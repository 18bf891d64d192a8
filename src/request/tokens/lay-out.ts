import type {
  FilePart,
  Message,
  MessageRequest,
  ResponseFormat,
  ToolCall,
} from '../../core/message.ts';
import type { TokenizerName } from '../../core/model.ts';
import { estimateTokens } from '../../core/usage.ts';
import { isTextType } from '../validate/files.ts';
import { fileTokens } from './file-tokens.ts';
import { imageTokens } from './image-tokens.ts';
import { type Prompt, PromptBuilder } from './prompt.ts';
import { addTools } from './tool-tokens.ts';
import { TOKENS_PER_HOSTED_TOOL } from './upper-bound.ts';

/**
 * The published rule for messages, which agrees with what the API bills:
 * https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken
 */
const TOKENS_PER_MESSAGE = 3;
const TOKENS_PER_NAME = 1;
const PRIMING_TOKENS = 3;
/** Around a call the model made before. Observed, not published. */
const TOKENS_PER_TOOL_CALL = 3;

/**
 * Lays out the prompt of a request. Runs where the request is, for its images are large and a few
 * bytes of each suffice; the time is that of a walk over the request.
 */
export function layOut(model: string, tokenizer: TokenizerName, request: MessageRequest): Prompt {
  const prompt = new PromptBuilder();
  for (const message of request.messages) addMessage(prompt, model, message);
  if (request.tools?.length) addTools(prompt, tokenizer, request.tools);
  if (request.hostedTools?.length) {
    prompt.addTokens(TOKENS_PER_HOSTED_TOOL * request.hostedTools.length);
    prompt.markEstimated();
  }
  if (request.responseFormat) addResponseFormat(prompt, request.responseFormat);
  prompt.addTokens(PRIMING_TOKENS);
  return prompt.build();
}

function addMessage(prompt: PromptBuilder, model: string, message: Message): void {
  prompt.addText(message.role, TOKENS_PER_MESSAGE);
  if (message.name) prompt.addText(message.name, TOKENS_PER_NAME);
  addContent(prompt, model, message.content);
  for (const call of message.toolCalls ?? []) addToolCall(prompt, call);
  if (message.toolCallId) {
    prompt.addText(message.toolCallId);
    prompt.markEstimated();
  }
  if (message.reasoning) prompt.addText(message.reasoning);
  for (const { encryptedContent } of message.reasoningItems ?? []) {
    // Sealed text is about a third longer than what was sealed; nobody but the upstream knows more.
    prompt.addTokens(estimateTokens(encryptedContent.length));
    prompt.markEstimated();
  }
}

function addContent(prompt: PromptBuilder, model: string, content: Message['content']): void {
  if (typeof content === 'string') {
    prompt.addText(content);
    return;
  }
  for (const part of content) {
    if (part.type === 'text') {
      prompt.addText(part.text);
    } else if (part.type === 'image') {
      prompt.addTokens(imageTokens(model, part));
      prompt.markEstimated();
    } else {
      addFile(prompt, model, part);
    }
  }
}

/** Text is told as it stands, with a frame that is not published; of anything else pages count. */
function addFile(prompt: PromptBuilder, model: string, file: FilePart): void {
  prompt.addText(file.name ?? '');
  if (file.data !== undefined && isTextType(file.mediaType)) {
    prompt.addText(Buffer.from(file.data).toString());
  } else prompt.addTokens(fileTokens(model, file));
  prompt.markEstimated();
}

/** Ids are counted too: whether the model sees them is not published, and too high is safer. */
function addToolCall(prompt: PromptBuilder, call: ToolCall): void {
  prompt.addText(call.id, TOKENS_PER_TOOL_CALL);
  prompt.addText(call.name);
  prompt.addText(call.arguments);
  prompt.markEstimated();
}

/** The schema is counted as it is written. JSON without a schema is not known to cost anything. */
function addResponseFormat(prompt: PromptBuilder, format: ResponseFormat): void {
  if (format.type !== 'json_schema') return;
  prompt.addText(format.name);
  prompt.addText(format.description ?? '');
  prompt.addText(format.schema);
  prompt.markEstimated();
}
