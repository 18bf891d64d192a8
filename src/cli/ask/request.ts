import { isUtf8 } from 'node:buffer';
import { basename, extname } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { ContentPart, Message, MessageRequest, Role } from '../../gen/tamma/provider/v1/message.ts';
import { type Cli, CliError } from '../cli.ts';
import type { AskOptions } from '../commands/ask.ts';
import { readInput, textIn } from '../input.ts';

const IMAGES: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
  '.gif': 'image/gif',
};

/**
 * What the command line asks, on top of what the file of --request says.
 *
 * @throws CliError if there is nothing to ask, or a file cannot be read
 */
export async function requestOf(
  prompt: readonly string[],
  options: AskOptions,
  cli: Cli,
): Promise<MessageRequest> {
  const base = await written(options.request);
  const asked = await promptOf(prompt, base.messages.length > 0, cli);
  const { model, system, maxTokens, effort, metadata } = options;
  return {
    ...base,
    messages: [
      ...(system === undefined ? [] : [message(Role.SYSTEM, { content: system })]),
      ...base.messages,
      ...(asked === '' && options.file.length === 0 ? [] : [userMessage(asked, options.file)]),
    ],
    ...(model !== undefined && { model }),
    ...(maxTokens !== undefined && { maxTokens }),
    ...(effort !== undefined && { reasoningEffort: effort }),
    metadata: { ...base.metadata, ...metadata },
  };
}

async function written(path: string | undefined): Promise<MessageRequest> {
  if (path === undefined) return MessageRequest.fromPartial({});
  const { messageFromJson } = await import('../print/proto-json.ts');
  try {
    const json = textIn(readInput(path), path);
    return messageFromJson('MessageRequest', MessageRequest, JSON.parse(json));
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError('usage', `${path}: ${error instanceof Error ? error.message : error}`);
  }
}

async function promptOf(
  words: readonly string[],
  isAsked: boolean,
  { host: { stdin } }: Cli,
): Promise<string> {
  const [first] = words;
  const isTyped = first !== undefined && first !== '-';
  if (isTyped) return words.join(' ');
  if (first === undefined && isAsked) return '';
  if (first === undefined && stdin.isTTY)
    throw new CliError('usage', 'what is asked? See ask --help');
  const read = textIn(await buffer(stdin), 'standard input').trim();
  if (read === '') throw new CliError('usage', 'nothing is asked: standard input is empty');
  return read;
}

function userMessage(asked: string, files: readonly string[]) {
  if (files.length === 0) return message(Role.USER, { content: asked });
  const parts = files.map(partOf);
  return message(Role.USER, {
    parts: asked === '' ? parts : [...parts, part({ $case: 'text', value: asked })],
  });
}

/** A text travels as text, which every model reads. */
function partOf(path: string): ContentPart {
  const data = readInput(path);
  const [name, extension] = [basename(path), extname(path).toLowerCase()];
  const mediaType = IMAGES[extension];
  if (mediaType !== undefined) {
    return part({ $case: 'image', value: { source: { $case: 'data', value: data }, mediaType } });
  }
  if (extension === '.pdf') {
    const source = { $case: 'data', value: data } as const;
    return part({ $case: 'file', value: { source, name, mediaType: 'application/pdf' } });
  }
  if (!isUtf8(data)) throw new CliError('usage', `${path} is neither text, image nor PDF`);
  return part({ $case: 'text', value: `${name}:\n\n${data.toString()}` });
}

type Fields = NonNullable<Parameters<typeof MessageRequest.fromPartial>[0]['messages']>[number];

function message(role: Role, fields: Fields) {
  return Message.fromPartial({ ...fields, role });
}

function part(written: NonNullable<Parameters<typeof ContentPart.fromPartial>[0]['part']>) {
  return ContentPart.fromPartial({ part: written });
}
