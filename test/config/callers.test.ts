import { describe, expect, it } from '@jest/globals';
import { KEY, problems } from '../support/config.ts';

describe('callers', () => {
  it('differ in their names', () => {
    const one = '{name: shop, tokenFile: token}';
    const yaml = `callers: [${one}, {name: other, tokenFile: token}, ${one}]`;
    expect(problems(yaml, KEY, { token: 'of-the-caller-0123456789' })).toContainEqual({
      path: 'callers[2].name',
      message: 'must differ from that of callers[0]',
      source: 'config.yaml',
    });
  });
});
