import type { ContentPart, Role } from '../../core/message.ts';

/**
 * Parts that Chat Completions has no place for: images and files in results of tools, files by their
 * address, and files that are no PDFs.
 */
export function isBeyondChat(part: ContentPart, role: Role): boolean {
  if (part.type === 'text') return false;
  if (role === 'tool') return true;
  if (part.type === 'image') return false;
  return part.uri !== undefined || (part.data !== undefined && part.mediaType !== PDF);
}

const PDF = 'application/pdf';
