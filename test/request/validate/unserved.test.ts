import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../../src/core/errors.ts';
import type { MessageRequest } from '../../../src/core/message.ts';
import { checkUnserved, UNSERVED } from '../../../src/request/validate/unserved.ts';
import { Violations } from '../../../src/request/validate/violations.ts';
import { aCall } from '../../support/events.ts';
import { HELLO } from './refusals.ts';

describe('what nothing serves yet', () => {
  it('is refused as unsupported, by its field, where a call asks for it', () => {
    const rows = {
      seed: ({ seed }: MessageRequest) => seed,
      'context_policy: COMPACT': (request: MessageRequest) => request.contextPolicy === 'compact',
    };
    const refused = (request: Partial<MessageRequest>) => {
      const violations = new Violations();
      const asked = { messages: [HELLO], ...request };
      checkUnserved(violations, aCall({ request: asked }), rows);
      try {
        violations.throwIfAny('gpt-test');
      } catch (thrown) {
        return ProviderError.from(thrown);
      }
      return undefined;
    };
    expect(refused({ contextPolicy: 'reject' })).toBeUndefined();
    expect(refused({ seed: 7, contextPolicy: 'compact' })).toMatchObject({
      reason: 'UNSUPPORTED_PARAMETER',
      facts: {
        fieldViolations: [
          { field: 'request.seed', description: 'is not served by this version' },
          { field: 'request.context_policy', description: 'COMPACT is not served by this version' },
        ],
      },
    });
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
