import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { MessageRequest } from '../../../src/core/message.ts';
import { UNSERVED } from '../../../src/request/validate/unserved.ts';
import { validate } from './refusals.ts';

/** How each row is asked for, and the field that the refusal names. */
const ASKED: Readonly<Record<string, [Partial<MessageRequest>, string]>> = {
  'request.cache.coalesce': [{ cache: { coalesce: true } }, 'request.cache.coalesce'],
};

describe('what nothing serves yet', () => {
  it.each(UNSERVED)('%s is refused as unsupported, by its field', (name) => {
    const [request, field] = ASKED[name] ?? [{}, 'no example'];
    const refusal = validate(request);
    expect(refusal?.reason).toBe('UNSUPPORTED_PARAMETER');
    expect(refusal?.facts.fieldViolations?.map((violation) => violation.field)).toEqual([field]);
  });

  it('is what the comments of the contract say, no more and no less', () => {
    expect(inTheContract()).toEqual(UNSERVED);
  });
});

/** Where a message of the contract stands in a SendMessageRequest. */
const PLACES: Readonly<Record<string, string>> = {
  MessageRequest: 'request.',
  Message: 'request.messages[].',
  ContentPart: 'request.messages[].parts[].',
  ToolCall: 'request.messages[].tool_calls[].',
  Tool: 'request.tools[].',
  ToolChoice: 'request.tool_choice.',
  CachePolicy: 'request.cache.',
  ContextPolicy: 'request.context_policy: ',
  StreamRecovery: 'options.recovery: ',
};

/** Fields and values whose comment ends with "not served yet.", as paths of a request. */
function inTheContract(): string[] {
  return ['message', 'event']
    .flatMap((file) =>
      readFileSync(`proto/tamma/provider/v1/${file}.proto`, 'utf8')
        .split(/\n(?=(?:message|enum) )/)
        .flatMap((block) => {
          const place = PLACES[/^(?:message|enum) (\w+)/.exec(block)?.[1] ?? ''];
          return place === undefined ? [] : unservedOf(block).map((name) => place + name);
        }),
    )
    .sort();
}

function unservedOf(block: string): string[] {
  // Comments may be broken anywhere between words.
  const flat = block.replaceAll(/\n *\/\/ /g, ' ');
  const fields = flat.matchAll(/not served\s+yet\.\s+(?:[^\n=/]*\s)?(\w+) = \d+;/gi);
  return [...fields].map(([, name = '']) => name.replace(/^(CONTEXT_POLICY|STREAM_RECOVERY)_/, ''));
}
