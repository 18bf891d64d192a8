import { describe, expect, it } from '@jest/globals';
import { parseErrorBody, readErrorBody } from '../../../src/openai/errors/body.ts';

const KINDS: readonly [string, unknown, object][] = [
  [
    'of OpenAI',
    { error: { message: 'm', type: 't', code: 'c', param: 'p' } },
    { message: 'm', type: 't', code: 'c', param: 'p' },
  ],
  ['that is a text', 'm', { message: 'm' }],
  ['of Ollama', { error: 'm' }, { message: 'm' }],
  [
    'of xAI, whose text beside a message is the code',
    { error: 'c', message: 'm' },
    { message: 'm', code: 'c' },
  ],
  [
    'of Google, in a list',
    [{ error: { message: 'm', status: 'INTERNAL' } }],
    { message: 'm', statusWord: 'INTERNAL' },
  ],
  ['of Cloudflare', { errors: [{ message: 'm', code: 7003 }] }, { message: 'm', code: '' }],
  ['of FastAPI, as a text', { detail: 'm' }, { message: 'm' }],
  [
    'of FastAPI, as an object',
    { detail: { message: 'm', code: 'c' } },
    { message: 'm', code: 'c' },
  ],
  [
    'of FastAPI, around that of the server behind',
    { detail: { error: { message: 'm', code: 'c' } } },
    { message: 'm', code: 'c' },
  ],
  [
    'around that of the server behind',
    { error: { error: { message: 'm', code: 'c' } } },
    { message: 'm', code: 'c' },
  ],
  ['in a list of texts', { errors: ['m'] }, { message: 'm' }],
  ['whose object is empty', { error: {}, message: 'm' }, { message: 'm' }],
  ['with a list that is empty', { errors: [], message: 'm' }, { message: 'm' }],
  [
    'of a message elsewhere',
    { error: { title: 'm', error_code: 'c' } },
    { message: 'm', code: 'c' },
  ],
  ['of Baidu', { error_code: 17, error_msg: 'm' }, { message: 'm' }],
  [
    'of Amazon',
    { __type: 'com.amazon#ThrottlingException', Message: 'm' },
    { message: 'm', type: 'com.amazon#ThrottlingException' },
  ],
  ['that is a list', { error: [{ message: 'm', code: 'c' }] }, { message: 'm', code: 'c' }],
  ['that says nothing', {}, { message: '', type: '', code: '', param: '' }],
  ['that is null', null, { message: '' }],
  ['whose type is that of the event', { type: 'error', message: 'm' }, { type: '', message: 'm' }],
  [
    'of LiteLLM, with the name of nothing',
    { error: { message: 'm', type: 'None', param: 'None', code: 'None' } },
    { message: 'm', type: '', param: '', code: '' },
  ],
  [
    'with a wait beside its text',
    { error: 'm', retryAfter: 30 },
    { message: 'm', retryAfterMs: 30_000 },
  ],
  [
    'with a wait beside it',
    { error: { message: 'm' }, retry_after: '30' },
    { message: 'm', retryAfterMs: 30_000 },
  ],
  ['of Azure', { error: { message: 'm', innererror: { code: 'inner' } } }, { innerCode: 'inner' }],
];

describe('an error', () => {
  it.each(KINDS)('%s is read', (_what, value, read) => {
    expect(readErrorBody(value)).toMatchObject(read);
    if (typeof value !== 'string')
      expect(parseErrorBody(JSON.stringify(value))).toMatchObject(read);
  });

  it.each<[string, unknown, object]>([
    [
      'names its fields',
      {
        detail: [
          { msg: 'missing', loc: ['body', 'messages', 0] },
          { msg: 'odd', loc: ['body'] },
        ],
      },
      { message: 'messages.0: missing; odd', param: 'messages.0' },
    ],
    [
      'tells what has no place',
      { error: { message: [{ msg: 'odd', loc: 'body' }, { msg: 7 }] } },
      { message: 'odd', param: '' },
    ],
    [
      'stands in the message of Mistral',
      { message: { detail: [{ msg: 'short', loc: ['body', 'top_p'] }] } },
      { message: 'top_p: short', param: 'top_p' },
    ],
    ['holds nothing to read', { detail: [7, {}] }, { message: '', param: '' }],
  ])('with a list of what is wrong %s', (_what, value, read) => {
    expect(readErrorBody(value)).toMatchObject(read);
  });

  it.each<[string, unknown, object]>([
    [
      'as an object',
      {
        message: 'Provider returned error',
        code: 502,
        metadata: { raw: { error: { message: 'm', code: 'c' } } },
      },
      { message: 'm', code: 'c', statusCode: 502 },
    ],
    [
      'as a text of JSON',
      { message: 'outer', metadata: { raw: '{"error":{"message":"m","type":"t"}}' } },
      { message: 'm', type: 't' },
    ],
    [
      'as a plain text',
      { message: 'outer', type: 't', metadata: { raw: 'm' } },
      { message: 'm', type: 't' },
    ],
    [
      'that says nothing of its own',
      { message: 'outer', type: 't', param: 'p', metadata: { raw: { error: { code: 'c' } } } },
      { message: 'outer', type: 't', param: 'p', code: 'c' },
    ],
    [
      'in the message',
      {
        message: 'litellm: upstream said {"error": {"message": "m", "code": "c"}} (400)',
        type: 't',
      },
      { message: 'm', code: 'c', type: 't' },
    ],
    ['in the message, as a list', { message: 'said [{"error": "m"}] again' }, { message: 'm' }],
    ['in the message, with a text alone', { message: 'said {"message": "m"}' }, { message: 'm' }],
    [
      'in the message is none where JSON is quoted',
      { message: 'not allowed: {"type": "object"}' },
      { message: 'not allowed: {"type": "object"}' },
    ],
    [
      'in the message is none where JSON is broken',
      { message: 'expected {"error": "m' },
      { message: 'expected {"error": "m' },
    ],
  ])('wrapped by a gateway %s', (_what, error, read) => {
    expect(readErrorBody({ error })).toMatchObject(read);
  });

  it('is unwrapped four times, and no more', () => {
    let text = '{"error":{"message":"innermost"}}';
    for (let depth = 0; depth < 4; depth += 1) text = JSON.stringify({ error: { message: text } });
    expect(parseErrorBody(text).message).toBe('innermost');
    const deeper = JSON.stringify({ error: { message: text } });
    expect(parseErrorBody(deeper).message).toBe('{"error":{"message":"innermost"}}');
  });
});

describe('a page in the place of an error', () => {
  it.each([
    ['<html><head><title>502 Bad Gateway</title></head></html>', '502 Bad Gateway'],
    ['  upstream connect error  ', 'upstream connect error'],
    ['', ''],
    [`"${'a'.repeat(70_000)}"`, `"${'a'.repeat(1_023)}`],
  ])('is told by its title or text', (text, message) => {
    expect(parseErrorBody(text)).toMatchObject({ message, isPage: true });
  });
});
