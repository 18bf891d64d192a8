import { describe, expect, it } from '@jest/globals';
import type { HostedTool, MessageRequest } from '../../../src/core/message.ts';
import type { Surface } from '../../../src/core/model.ts';
import {
  type HostedToolOptions,
  NO_HOSTED_TOOLS,
} from '../../../src/request/fit/hosted-tool-options.ts';
import { checkToolKinds } from '../../../src/request/fit/tool-kinds.ts';
import { aModel, type ModelFacts } from '../../support/models.ts';

const ALLOWED: HostedToolOptions = {
  allow: ['web_search', 'mcp'],
  mcpServers: {
    docs: { url: 'https://docs.example', allowedTools: ['read'], requireApproval: 'never' },
  },
};

function refused(
  request: Partial<MessageRequest>,
  facts: ModelFacts = {},
  options = ALLOWED,
  surface: Surface = 'responses',
): [string, string][] {
  const found: [string, string][] = [];
  checkToolKinds({ messages: [], ...request }, { model: aModel(facts), surface }, options, {
    unsupported: (field, description) => found.push([field, description]),
  });
  return found;
}

const hosted = (...hostedTools: HostedTool[]) => ({ hostedTools });

describe('checkToolKinds', () => {
  it('lets pass what the configuration allows, and what the caller runs itself', () => {
    const tools = hosted({ type: 'web_search' }, { type: 'apply_patch' }, { type: 'shell' });
    expect(refused(tools)).toEqual([]);
    expect(refused(hosted({ type: 'shell' }), {}, NO_HOSTED_TOOLS)).toEqual([]);
  });

  it('refuses what the configuration does not allow', () => {
    const rule = 'is not allowed by the configuration (hostedTools.allow)';
    expect(refused(hosted({ type: 'image_generation' }))).toEqual([
      ['request.hosted_tools[0].image_generation', rule],
    ]);
    expect(refused(hosted({ type: 'web_search' }), {}, NO_HOSTED_TOOLS)).toEqual([
      ['request.hosted_tools[0].web_search', rule],
    ]);
  });

  it('refuses servers and tools of theirs that are not configured', () => {
    const tools = hosted(
      { type: 'mcp', server: 'constructor' },
      { type: 'mcp', server: 'docs', allowedTools: ['read', 'write'] },
    );
    expect(refused(tools).map(([field]) => field)).toEqual([
      'request.hosted_tools[0].mcp.server',
      'request.hosted_tools[1].mcp.allowed_tools[1]',
    ]);
  });

  it('refuses by name what the model lacks', () => {
    const supports = { webSearch: false, customTools: false };
    const request = {
      ...hosted({ type: 'web_search' }),
      tools: [{ name: 'f' }, { name: 'sql', custom: { type: 'text' } as const }],
    };
    expect(refused(request, { supports })).toEqual([
      ['request.tools[1].custom', 'is not supported by gpt-test'],
      ['request.hosted_tools[0].web_search', 'is not supported by gpt-test'],
    ]);
  });

  it('refuses what Chat Completions has no place for', () => {
    const tools = hosted({ type: 'apply_patch' });
    expect(refused(tools, {}, ALLOWED, 'chat_completions')).toEqual([
      [
        'request.hosted_tools[0].apply_patch',
        'is not part of Chat Completions, over which gpt-test is asked',
      ],
    ]);
  });
});
