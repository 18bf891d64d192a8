import { describe, expect, it } from '@jest/globals';
import { refusedChat } from './rejected.ts';

describe('files and images of Chat Completions', () => {
  const saying = (content: unknown) => ({ messages: [{ role: 'user', content }] });
  const PDF = 'data:application/pdf;base64,JVBERi0=';
  const file = (fields: object) => saying([{ type: 'file', file: fields }]);
  const at = (url: string) => saying([{ type: 'image_url', image_url: { url } }]);

  it.each<[string, object]>([
    ['a PDF', file({ file_data: PDF, filename: 'a.pdf' })],
    ['a file that was uploaded', file({ file_id: 'file-1' })],
    ['an image in base64', at('data:image/png;base64,iVBORw0KGgo=')],
  ])('are taken: %s', (_, fields) => {
    expect(refusedChat(fields)).toBeUndefined();
  });

  const FILE = 'messages[0].content[0].file';
  const URL_PATH = 'messages[0].content[0].image_url.url';
  it.each<[string, object, string, string]>([
    [
      'bytes that are no data URL',
      file({ file_data: 'JVBERi0=', filename: 'a.pdf' }),
      `${FILE}.file_data`,
      `Invalid '${FILE}.file_data'. Expected a base64-encoded data URL with a MIME type.`,
    ],
    [
      'files that are no PDF',
      file({ file_data: 'data:text/plain;base64,SGk=', filename: 'a.txt' }),
      `${FILE}.file_data`,
      `Invalid file data: '${FILE}.file_data'. Expected a PDF, but got text/plain.`,
    ],
    [
      'files from nowhere',
      file({ filename: 'a.pdf' }),
      FILE,
      `Mutually exclusive parameters: '${FILE}' needs one of file_data, file_id.`,
    ],
    [
      'files from two places',
      file({ file_data: PDF, file_id: 'file-1' }),
      FILE,
      `Mutually exclusive parameters: '${FILE}' needs one of file_data, file_id.`,
    ],
    [
      'bytes without a name',
      file({ file_data: PDF }),
      `${FILE}.filename`,
      `Missing required parameter: '${FILE}.filename'.`,
    ],
    ...['ftp://example.com/a.png', 'https://', 'a.png'].map(
      (url): [string, object, string, string] => [
        `images at ${url}`,
        at(url),
        URL_PATH,
        `Invalid '${URL_PATH}'. Expected a valid URL, but got a value with an invalid format.`,
      ],
    ),
    [
      'images of other formats',
      at('data:image/tiff;base64,AAAA'),
      URL_PATH,
      "You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', 'gif', 'webp'].",
    ],
    ['images of nothing', at('data:image/png;base64,'), URL_PATH, 'Invalid base64 image_url.'],
    ['images of no base64', at('data:image/png;base64,A'), URL_PATH, 'Invalid base64 image_url.'],
  ])('are refused: %s', (_, fields, param, message) => {
    expect(refusedChat(fields)).toEqual({ status: 400, param, message });
  });
});
