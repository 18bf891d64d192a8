import type { FilePart } from '../../core/message.ts';
import { checkShortText, exceedsBytes, isPrintable, isUri, WELL_FORMED_RULE } from './text.ts';
import type { Violations } from './violations.ts';

/** What OpenAI takes of a file, and of all files of a request together. */
const MAX_FILE_BYTES = 50 * 1024 * 1024;
const MAX_NAME_BYTES = 255;
const MAX_ID_BYTES = 256;
const TEXT =
  /^(?:text\/[\w.+-]+|application\/(?:json|xml|yaml|x-yaml|toml|javascript|typescript|sql|x-sh))$/;

/** Whether bytes of this type are text as they stand. */
export function isTextType(mediaType: string | undefined): boolean {
  return mediaType !== undefined && TEXT.test(mediaType);
}

/** @param path of the part: `request.messages[0].parts[1]` */
export function checkFile(violations: Violations, path: () => string, file: FilePart): void {
  const bad = (field: string, rule: string) => violations.malformed(`${path()}.file${field}`, rule);
  const { data, uri, fileId, name, mediaType } = file;
  if ([data, uri, fileId].filter((source) => source !== undefined).length !== 1) {
    bad('', 'must have exactly one of data, uri and file_id');
    return;
  }
  if (data === undefined) {
    if (mediaType) bad('.media_type', 'is only allowed with data');
  } else checkData(bad, data, file);
  if (uri !== undefined) {
    const problem = uriProblem(uri);
    if (problem !== undefined) bad('.uri', problem);
  }
  if (fileId !== undefined) {
    if (fileId === '') bad('.file_id', 'must not be empty');
    checkShortText(violations, `${path()}.file.file_id`, fileId, MAX_ID_BYTES);
    if (name) bad('.name', 'must not be set with file_id: the file has one');
  }
}

function checkData(
  bad: (field: string, rule: string) => void,
  data: Uint8Array,
  { name = '', mediaType = '' }: FilePart,
): void {
  if (data.byteLength === 0) bad('.data', 'must not be empty');
  if (data.byteLength > MAX_FILE_BYTES) bad('.data', 'must be at most 50 MiB');
  if (name === '') bad('.name', 'is required with data');
  else if (exceedsBytes(name, MAX_NAME_BYTES) || !isPrintable(name)) {
    bad('.name', 'must be at most 255 bytes without control characters');
  }
  if (mediaType !== 'application/pdf' && !isTextType(mediaType)) {
    bad('.media_type', 'must be application/pdf or a text type, such as text/plain');
  }
}

function uriProblem(uri: string): string | undefined {
  if (!/^https:/i.test(uri) || !isUri(uri)) return 'must be an https: URI';
  return uri.isWellFormed() ? undefined : WELL_FORMED_RULE;
}
