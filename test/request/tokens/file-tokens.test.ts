import { describe, expect, it } from '@jest/globals';
import type { FilePart } from '../../../src/core/message.ts';
import { fileTokens, pagesOf } from '../../../src/request/tokens/file-tokens.ts';
import { layOut } from '../../../src/request/tokens/lay-out.ts';
import { promptTokensAtMost } from '../../../src/request/tokens/upper-bound.ts';
import { aPdf } from '../../support/pdf.ts';

const pdf = (data: Uint8Array): FilePart => ({
  type: 'file',
  data,
  name: 'a.pdf',
  mediaType: 'application/pdf',
});

describe('the pages of a PDF', () => {
  it.each([1, 3, 12])('are counted: %i', (pages) => {
    expect(pagesOf(aPdf(...Array<string>(pages).fill('Hello')))).toBe(pages);
  });

  it('are guessed from the size where they are compressed', () => {
    expect(pagesOf(Buffer.alloc(100 * 1024))).toBe(4);
    expect(pagesOf(Buffer.from('x'))).toBe(1);
  });

  it('are not counted for ever', () => {
    expect(pagesOf(Buffer.from('/Type/Page '.repeat(50_000)))).toBe(10_000);
  });
});

describe('the tokens of a file', () => {
  it('grow with its pages', () => {
    const one = fileTokens('gpt-5', pdf(aPdf('a')));
    expect(one).toBeGreaterThan(500);
    expect(fileTokens('gpt-5', pdf(aPdf('a', 'b', 'c')))).toBe(3 * one);
  });

  it('are those of its text where it is text', () => {
    const data = Buffer.from('# Notes\n\nKäse.');
    const file: FilePart = { type: 'file', data, name: 'notes.md', mediaType: 'text/markdown' };
    const request = { messages: [{ role: 'user' as const, content: [file] }] };
    const prompt = layOut('gpt-5', 'o200k_base', request);
    expect(prompt.texts).toEqual(['user', 'notes.md', '# Notes\n\nKäse.']);
    expect(prompt.estimated).toBe(true);
  });

  it.each<[string, FilePart]>([
    ['bytes that are no UTF-8', { ...pdf(Buffer.alloc(100, 0xff)), mediaType: 'text/plain' }],
    ['a PDF', pdf(aPdf('a', 'b'))],
    ['a file at the upstream', { type: 'file', fileId: 'file-1' }],
  ])('are bounded: %s', (_what, file) => {
    const request = { messages: [{ role: 'user' as const, content: [file] }] };
    const { texts, fixedTokens } = layOut('gpt-5', 'o200k_base', request);
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), fixedTokens);
    expect(promptTokensAtMost('gpt-5', request)).toBeGreaterThanOrEqual(bytes);
  });
});
