import { afterEach, describe, expect, it } from '@jest/globals';
import { codeName, collect, statusDetail } from '../../support/grpc-client.ts';
import type { RunningApp } from '../../support/running-app.ts';
import { ask, type Fields, inputsOf, runAgent, script, startAgents } from './agent.ts';

let running: RunningApp;
afterEach(() => running.stop());

const QUESTION = { role: 'ROLE_USER', content: 'What is new?' };
const ALLOW =
  'hostedTools: { allow: [web_search, file_search, code_interpreter, image_generation] }';
const request = { model: 'gpt-5.4', messages: [QUESTION] };

const SEARCH = {
  id: 'ws_1',
  type: 'web_search_call',
  status: 'completed',
  action: { type: 'search', query: 'news', sources: [] },
};
const OPEN = { ...SEARCH, id: 'ws_2', action: { type: 'open_page', url: 'https://example.com/a' } };
const TEXT = '👩‍💻 It rains. See example.';
const CITATION = {
  type: 'url_citation',
  url: 'https://example.com/a',
  title: 'Weather',
  start_index: 4,
  end_index: 13,
};

function eventsOf(messages: readonly Fields[], name: string): Fields[] {
  return messages.flatMap((message) => {
    const event = message[name] as Fields | undefined;
    return event === undefined ? [] : [event];
  });
}

function usdOf(completed: Fields): string {
  return (completed.cost as { usd: string }).usd;
}

/** What the ledger has of all attempts. */
async function ledgerTotal(): Promise<unknown> {
  const { total } = await running.client.usage.unary('GetUsage', {});
  return total;
}

describe('an agent that searches the web', () => {
  it('is told what is searched and where the answer comes from, and pays by the call', async () => {
    running = await startAgents(ALLOW);
    const reasoning = { id: 'rs_1', encryptedContent: 'gAAA=' };
    const answered = {
      sealedReasoning: [reasoning],
      items: [SEARCH, OPEN],
      text: TEXT,
      annotations: [CITATION],
      toolUsage: { web_search: { num_requests: 1 } },
      usage: { prompt_tokens: 1_000, completion_tokens: 100 },
    };
    script(running, answered);
    const webSearch = {
      allowedDomains: ['example.com'],
      searchContextSize: 'low',
      location: { country: 'DE', city: 'Bonn' },
    };
    const asked = { ...request, hostedTools: [{ webSearch }], maxToolCalls: 3 };
    const { collected, completed } = await ask(running.client, asked);

    expect(running.stub.requests[0]?.body).toMatchObject({
      include: ['reasoning.encrypted_content', 'web_search_call.action.sources'],
      max_tool_calls: 3,
      tools: [
        {
          type: 'web_search',
          filters: { allowed_domains: ['example.com'] },
          search_context_size: 'low',
          user_location: { type: 'approximate', country: 'DE', city: 'Bonn' },
        },
      ],
    });
    const told = eventsOf(collected.messages, 'hostedTool').map(({ id, type, status, detail }) => [
      id,
      type,
      status,
      detail,
    ]);
    expect(told).toEqual([
      ['ws_1', 'web_search', 'in_progress', ''],
      ['ws_1', 'web_search', 'searching', ''],
      ['ws_1', 'web_search', 'completed', ''],
      ['ws_1', 'web_search', 'completed', JSON.stringify({ action: SEARCH.action })],
      ['ws_2', 'web_search', 'in_progress', ''],
      ['ws_2', 'web_search', 'searching', ''],
      ['ws_2', 'web_search', 'completed', ''],
      ['ws_2', 'web_search', 'completed', JSON.stringify({ action: OPEN.action })],
    ]);
    expect(eventsOf(collected.messages, 'annotation')).toEqual([
      {
        type: 'url_citation',
        url: CITATION.url,
        title: 'Weather',
        start: 4,
        end: 13,
        fileId: '',
        containerId: '',
      },
    ]);
    expect(completed.usage).toMatchObject({ toolCalls: { web_search: 1 } });
    // gpt-5.4: 2.50 and 15 dollars per million tokens; a search: a cent.
    expect(usdOf(completed)).toBe('0.014');
    expect(await ledgerTotal()).toMatchObject({ cost: { usd: '0.014' } });
  });

  it('hands back what was searched, in its place and unchanged', async () => {
    running = await startAgents(ALLOW);
    const sealedReasoning = [{ id: 'rs_1', encryptedContent: 'gAAA=' }];
    const later = { id: 'rs_2', type: 'reasoning', summary: [], encrypted_content: 'gBBB=' };
    const toolCalls = [{ id: 'call_1', name: 'note', arguments: '{}' }];
    script(running, { sealedReasoning, items: [SEARCH, later], text: TEXT, toolCalls }, {});
    const tools = { tools: [{ name: 'note' }], hostedTools: [{ webSearch: {} }] };
    await runAgent(running.client, { ...request, ...tools }, () => 'noted');
    expect(inputsOf(running)[1]?.slice(1)).toEqual([
      '{"type":"reasoning","id":"rs_1","encrypted_content":"gAAA=","summary":[]}',
      JSON.stringify(SEARCH),
      '{"type":"reasoning","id":"rs_2","encrypted_content":"gBBB=","summary":[]}',
      `{"type":"message","role":"assistant","content":${JSON.stringify(TEXT)}}`,
      '{"type":"function_call","call_id":"call_1","name":"note","arguments":"{}"}',
      '{"type":"function_call_output","call_id":"call_1","output":"noted"}',
    ]);
  });

  it('is refused where nobody has allowed it', async () => {
    running = await startAgents();
    const asked = { ...request, hostedTools: [{ webSearch: {} }] };
    const { status } = await collect(
      running.client.provider.stream('SendMessage', { request: asked }),
    );
    expect(codeName(status)).toBe('INVALID_ARGUMENT');
    expect(statusDetail(status, 'google.rpc.BadRequest').fieldViolations).toMatchObject([
      {
        field: 'request.hosted_tools[0].web_search',
        description: 'is not allowed by the configuration (hostedTools.allow)',
      },
    ]);
    expect(running.stub.requests).toEqual([]);
  });
});

describe('the other tools that the upstream runs', () => {
  it('are asked for, told and priced', async () => {
    running = await startAgents(ALLOW);
    const code = {
      id: 'ci_1',
      type: 'code_interpreter_call',
      status: 'completed',
      container_id: 'cntr_1',
      code: 'print(6*7)',
      outputs: [{ type: 'logs', logs: '42\n' }],
    };
    const files = {
      id: 'fs_1',
      type: 'file_search_call',
      status: 'completed',
      queries: ['budget'],
      results: [{ file_id: 'file-1', filename: 'b.md', score: 0.5, text: 'x'.repeat(20_000) }],
    };
    script(running, {
      items: [code, { ...code, id: 'ci_2' }, files],
      text: '42',
      usage: { prompt_tokens: 1_000, completion_tokens: 100 },
    });
    const { response } = await running.client.provider.unary('SendMessageSync', {
      request: {
        ...request,
        hostedTools: [
          { codeInterpreter: { fileIds: ['file-1'] } },
          { fileSearch: { vectorStoreIds: ['vs_1'], maxResults: 3, filters: '{"type":"eq"}' } },
        ],
      },
    });
    expect(running.stub.requests[0]?.body.include).toEqual([
      'reasoning.encrypted_content',
      'code_interpreter_call.outputs',
      'file_search_call.results',
    ]);
    expect(running.stub.requests[0]?.body.tools).toEqual([
      { type: 'code_interpreter', container: { type: 'auto', file_ids: ['file-1'] } },
      {
        type: 'file_search',
        vector_store_ids: ['vs_1'],
        max_num_results: 3,
        filters: { type: 'eq' },
      },
    ]);
    const { usage, hostedTools, cost } = response as {
      usage: Fields;
      hostedTools: Fields[];
      cost: Fields;
    };
    // Two runs in one container.
    expect(usage).toMatchObject({ toolCalls: { code_interpreter: 1, file_search: 1 } });
    expect(cost.usd).toBe('0.0365');
    expect(hostedTools.map(({ id, detail }) => [id, (detail as string).length])).toEqual([
      ['ci_1', 87],
      ['ci_2', 87],
      // What was found is more than is told; what was searched for is not.
      ['fs_1', 22],
    ]);
  });

  it('give an image, whose price is not known', async () => {
    running = await startAgents(ALLOW);
    const image = {
      id: 'ig_1',
      type: 'image_generation_call',
      status: 'completed',
      result: Buffer.from('PNG').toString('base64'),
      output_format: 'png',
      revised_prompt: 'A cat.',
    };
    script(running, { items: [image], text: 'Here.' });
    const asked = { ...request, hostedTools: [{ imageGeneration: { size: '1024x1024' } }] };
    const { collected, completed } = await ask(running.client, asked);
    const last = eventsOf(collected.messages, 'hostedTool').at(-1);
    expect(last).toMatchObject({ id: 'ig_1', type: 'image_generation', mediaType: 'image/png' });
    expect(Buffer.from(last?.data as Uint8Array).toString()).toBe('PNG');
    expect(last?.detail).toBe('{"output_format":"png","revised_prompt":"A cat."}');
    expect(completed.cost).toMatchObject({ unpriced: true });
    // It does not travel with the turn.
    expect(completed.providerData).toBe('');
  });
});

describe('a remote MCP server', () => {
  const SECRETS = { DOCS_TOKEN: 'docs-secret-token', DOCS_KEY: 'docs-secret-key' };
  const MCP = `
hostedTools:
  allow: [mcp]
  mcpServers:
    docs:
      url: https://mcp.example.com/sse
      allowedTools: [read, write]
      authorization: { environment: DOCS_TOKEN }
      headers: { X-Key: { environment: DOCS_KEY } }
`;

  it('is called with the secrets of the configuration, once the caller approves', async () => {
    running = await startAgents(MCP, SECRETS);
    const list = { id: 'mcpl_1', type: 'mcp_list_tools', server_label: 'docs', tools: [] };
    const wish = {
      id: 'mcpr_1',
      type: 'mcp_approval_request',
      server_label: 'docs',
      name: 'read',
      arguments: '{"page": 1}',
    };
    const call = { id: 'mcp_1', type: 'mcp_call', server_label: 'docs', name: 'read', output: 'x' };
    script(running, { items: [list, wish] }, { items: [call], text: 'Read.' });
    const asked = {
      ...request,
      hostedTools: [{ mcp: { server: 'docs', allowedTools: ['read'] } }],
    };
    const calls: Fields[] = [];
    const { answers } = await runAgent(running.client, asked, (each) => {
      calls.push({ ...each });
      return '{"approve": true}';
    });
    expect(running.stub.requests[0]?.body.tools).toEqual([
      {
        type: 'mcp',
        server_label: 'docs',
        server_url: 'https://mcp.example.com/sse',
        allowed_tools: ['read'],
        require_approval: 'always',
        authorization: SECRETS.DOCS_TOKEN,
        headers: { 'X-Key': SECRETS.DOCS_KEY },
      },
    ]);
    expect(calls).toMatchObject([
      { id: 'mcpr_1', name: 'read', arguments: '{"page": 1}', kind: 'TOOL_KIND_MCP_APPROVAL' },
    ]);
    expect(inputsOf(running)[1]?.slice(1)).toEqual([
      JSON.stringify(list),
      '{"type":"mcp_approval_request","id":"mcpr_1","name":"read","arguments":"{\\"page\\": 1}","server_label":"docs"}',
      '{"type":"mcp_approval_response","approval_request_id":"mcpr_1","approve":true}',
    ]);
    expect(answers[1]?.completed).toMatchObject({
      usage: { toolCalls: { mcp: 1 } },
      cost: { unpriced: false },
    });
    expect(JSON.stringify(running.log.lines)).not.toContain('docs-secret');
  });

  it('is not another one than the configuration names', async () => {
    running = await startAgents(MCP, SECRETS);
    const hostedTools = [{ mcp: { server: 'evil' } }];
    const { status } = await collect(
      running.client.provider.stream('SendMessage', { request: { ...request, hostedTools } }),
    );
    expect(statusDetail(status, 'google.rpc.BadRequest').fieldViolations).toMatchObject([
      { field: 'request.hosted_tools[0].mcp.server' },
    ]);
  });
});

describe('GetCapabilities', () => {
  it('says of each model which tools it may use', async () => {
    running = await startAgents(ALLOW);
    const { features, supportedModels } = await running.client.provider.unary(
      'GetCapabilities',
      {},
    );
    expect(features).toMatchObject({ webSearch: true, fileSearch: true, applyPatch: true });
    expect(features).toMatchObject({ mcp: false, customTools: true, files: true });
    const models = new Map(
      (supportedModels as { id: string; features: Fields }[]).map((model) => [model.id, model]),
    );
    expect(models.get('gpt-5.4')?.features).toMatchObject({ webSearch: true, shell: true });
    expect(models.get('gpt-4.1')?.features).toMatchObject({ webSearch: true, shell: false });
    expect(models.get('gpt-5-nano')?.features).toMatchObject({ webSearch: false });
  });
});
