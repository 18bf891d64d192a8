import type { FilePart } from '../../core/message.ts';
import { imageTokens } from './image-tokens.ts';

/**
 * What a document costs beside its text, if it is text: an estimate always. Of a PDF the model gets the
 * text and an image of each page (https://developers.openai.com/api/docs/guides/file-inputs).
 */

/** A full page of prose has about so many. */
const TEXT_TOKENS_PER_PAGE = 800;
/** Assumed of what is not here: behind a URI, or at the upstream. */
const TYPICAL_PAGES = 10;
/** More than what fits any window. */
const MAX_PAGES = 10_000;
/** Bytes of a PDF that may hold one page where its pages cannot be counted, for they are compressed. */
const BYTES_PER_PAGE = 32 * 1024;

const PAGE = /^\/Type\s*\/Page(?![A-Za-z])/;
const TYPE = Buffer.from('/Type');
const LONGEST_PAGE = 24;
/** Objects that are looked at: a file that has more of them is not worth the time. */
const MAX_OBJECTS = 100_000;

const counted = new WeakMap<Uint8Array, number>();

/** Tokens of a PDF, or of a document of which nothing is known. */
export function fileTokens(model: string, { data }: FilePart): number {
  return (data === undefined ? TYPICAL_PAGES : pagesOf(data)) * pageTokens(model);
}

function pageTokens(model: string): number {
  // Of the size that images have of which none is known.
  return TEXT_TOKENS_PER_PAGE + imageTokens(model, { type: 'image', uri: '', detail: 'high' });
}

/** The pages of a PDF; at least 1. */
export function pagesOf(data: Uint8Array): number {
  let pages = counted.get(data);
  if (pages === undefined) {
    pages = Math.min(countPages(data) || Math.ceil(data.byteLength / BYTES_PER_PAGE), MAX_PAGES);
    counted.set(data, pages);
  }
  return pages;
}

function countPages(data: Uint8Array): number {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  let pages = 0;
  let at = bytes.indexOf(TYPE);
  for (let objects = 0; at !== -1 && objects < MAX_OBJECTS && pages < MAX_PAGES; objects += 1) {
    if (PAGE.test(bytes.toString('latin1', at, at + LONGEST_PAGE))) pages += 1;
    at = bytes.indexOf(TYPE, at + TYPE.length);
  }
  return pages;
}
