import { describe, expect, it } from '@jest/globals';
import type { FilePart } from '../../../src/core/message.ts';
import { inMessages, inParts } from './refusals.ts';

const PDF: FilePart = {
  type: 'file',
  data: Buffer.from('%PDF-'),
  name: 'a.pdf',
  mediaType: 'application/pdf',
};
const file = (fields: Omit<FilePart, 'type'>): FilePart => ({ type: 'file', ...fields });

describe('files', () => {
  it.each<FilePart>([
    PDF,
    { ...PDF, mediaType: 'text/x-python' },
    { ...PDF, mediaType: 'application/json' },
    file({ uri: 'https://example.com/a.pdf' }),
    file({ uri: 'https://example.com/a.pdf', name: 'a.pdf' }),
    file({ fileId: 'file-1' }),
  ])('may be given as %j', (part) => {
    expect(inParts(part)).toEqual([]);
  });

  it.each<[FilePart, string]>([
    [file({}), ''],
    [{ ...PDF, fileId: 'file-1' }, ''],
    [{ ...PDF, data: Buffer.alloc(0) }, '.data'],
    [{ ...PDF, data: Buffer.alloc(50 * 1024 * 1024 + 1) }, '.data'],
    [{ ...PDF, name: '' }, '.name'],
    [{ ...PDF, name: 'a\n.pdf' }, '.name'],
    [{ ...PDF, name: 'ä'.repeat(128) }, '.name'],
    [{ ...PDF, mediaType: 'application/zip' }, '.media_type'],
    [{ ...PDF, mediaType: 'text/' }, '.media_type'],
    [file({ uri: 'http://example.com/a.pdf' }), '.uri'],
    [file({ uri: 'file:///etc/passwd' }), '.uri'],
    [file({ uri: 'https://example.com/a.pdf', mediaType: 'application/pdf' }), '.media_type'],
    [file({ fileId: '' }), '.file_id'],
    [file({ fileId: 'file-1', name: 'a.pdf' }), '.name'],
  ])('are refused by the field', (part, field) => {
    expect(inParts(part)).toEqual([`request.messages[0].parts[0].file${field}`]);
  });

  it('stand in user and tool messages only', () => {
    expect(inMessages({ role: 'system', content: [PDF] })).toEqual([
      'request.messages[0].parts[0].file',
    ]);
  });
});
