import { IMAGE_DETAILS, type ImagePart } from '../../core/message.ts';
import { isUri, WELL_FORMED_RULE } from './text.ts';
import type { Violations } from './violations.ts';

const MEDIA_TYPES: ReadonlySet<string> = new Set([
  'image/png',
  'image/jpeg',
  'image/webp',
  'image/gif',
]);
const DETAILS: ReadonlySet<string> = new Set(IMAGE_DETAILS);

const MAX_IMAGE_BYTES = 20 * 1024 * 1024;
const MAX_BASE64_LENGTH = Math.ceil(MAX_IMAGE_BYTES / 3) * 4;
/** Media type and `;base64,` stand within this many characters of a data URI. */
const MAX_DATA_URI_HEAD = 128;

/** @param path of the part: `request.messages[0].parts[1]` */
export function checkImage(violations: Violations, path: () => string, image: ImagePart): void {
  const { data, uri } = image;
  if ((data === undefined) === (uri === undefined)) {
    violations.malformed(`${path()}.image`, 'must have exactly one of data and uri');
  }
  if (data !== undefined) checkData(violations, path, data, image.mediaType);
  if (uri !== undefined) {
    const problem = uriProblem(uri);
    if (problem !== undefined) violations.malformed(`${path()}.image.uri`, problem);
    if (data === undefined && image.mediaType) {
      violations.malformed(`${path()}.image.media_type`, 'must not be set with uri');
    }
  }
  if (image.detail !== undefined && !DETAILS.has(image.detail)) {
    violations.malformed(`${path()}.image.detail`, 'must be auto, low, high or original');
  }
}

function checkData(
  violations: Violations,
  path: () => string,
  data: Uint8Array,
  mediaType: string | undefined,
): void {
  if (data.byteLength === 0) violations.malformed(`${path()}.image.data`, 'must not be empty');
  if (data.byteLength > MAX_IMAGE_BYTES) {
    violations.malformed(`${path()}.image.data`, 'must be at most 20 MiB');
  }
  if (mediaType === undefined || !MEDIA_TYPES.has(mediaType)) {
    violations.malformed(
      `${path()}.image.media_type`,
      `must be one of ${[...MEDIA_TYPES].join(', ')}`,
    );
  }
}

function uriProblem(uri: string): string | undefined {
  if (/^https?:/i.test(uri)) return httpProblem(uri);
  if (!/^data:/i.test(uri)) return 'must be an https:, http: or data: URI';
  const comma = uri.slice(0, MAX_DATA_URI_HEAD).indexOf(',');
  if (comma === -1 || !uri.slice(0, comma).toLowerCase().endsWith(';base64')) {
    return 'must be base64 if it is a data: URI';
  }
  if (comma === uri.length - 1) return 'must not be empty';
  return uri.length - comma - 1 > MAX_BASE64_LENGTH ? 'must be at most 20 MiB' : wellFormed(uri);
}

function httpProblem(uri: string): string | undefined {
  return isUri(uri) ? wellFormed(uri) : 'must be a valid URI';
}

function wellFormed(uri: string): string | undefined {
  return uri.isWellFormed() ? undefined : WELL_FORMED_RULE;
}
