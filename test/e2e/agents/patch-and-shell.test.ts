import { afterEach, describe, expect, it } from '@jest/globals';
import type { RunningApp } from '../../support/running-app.ts';
import {
  type AgentCall,
  expectGrowingPrefixes,
  inputsOf,
  runAgent,
  script,
  startAgents,
} from './agent.ts';
import { createRepository, type Repository } from './repository.ts';

let running: RunningApp;
let repository: Repository;
afterEach(async () => {
  await running.stop();
  await repository.remove();
});

const FILES = {
  'sum.mjs': 'export function sum(a, b) {\n  return a - b;\n}\n',
  'sum.test.mjs':
    "import assert from 'node:assert';\nimport { test } from 'node:test';\nimport { sum } from './sum.mjs';\n\ntest('adds', () => assert.equal(sum(2, 3), 5));\n",
  'old.mjs': '',
};

/** What the model thinks and asks for, turn by turn. */
const SHELL = {
  id: 'sh_1',
  type: 'shell_call',
  call_id: 'call_shell',
  status: 'completed',
  action: {
    commands: ['ls', 'node --test'],
    timeout_ms: 120_000,
    max_output_length: 4_096,
  },
};
const patch = (n: number, operation: object) => ({
  id: `apc_${n}`,
  type: 'apply_patch_call',
  call_id: `call_patch_${n}`,
  status: 'completed',
  operation,
});
const UPDATE = {
  type: 'update_file',
  path: 'sum.mjs',
  diff: '@@ export function sum(a, b) {\n-  return a - b;\n+  // é 👩‍💻 "\\"\n+  return a + b;\n }\n',
};
const CREATE = { type: 'create_file', path: 'README.md', diff: '+# Sum\n+Adds.\n' };
const DELETE = { type: 'delete_file', path: 'old.mjs' };
const WRONG = { type: 'update_file', path: 'sum.mjs', diff: '@@\n-  return a * b;\n+  x\n' };
const AGAIN = {
  ...SHELL,
  id: 'sh_2',
  call_id: 'call_shell_2',
  action: { commands: ['node --test'] },
};

describe('an agent that edits files and runs commands', () => {
  it('mends a repository until its tests pass', async () => {
    running = await startAgents();
    repository = await createRepository(FILES);
    script(
      running,
      {
        sealedReasoning: [{ id: 'rs_1', encryptedContent: 'gAAA=', summary: ['Look first.'] }],
        items: [SHELL],
      },
      { items: [patch(1, WRONG)], text: 'I mend it.' },
      { items: [patch(2, UPDATE), patch(3, CREATE), patch(4, DELETE)] },
      { items: [AGAIN] },
      { text: 'Mended.' },
    );
    const request = {
      model: 'gpt-5.4',
      messages: [{ role: 'ROLE_USER', content: 'Make the tests pass.' }],
      hostedTools: [{ applyPatch: {} }, { shell: {} }],
      reasoningSummary: 'auto',
    };
    const calls: AgentCall[] = [];
    const results: string[] = [];
    const { answers } = await runAgent(running.client, request, async (call) => {
      calls.push(call);
      const result = await repository.run(call);
      results.push(result);
      return result;
    });

    expect(answers.at(-1)?.text).toBe('Mended.');
    expect(await repository.read('sum.mjs')).toContain('return a + b;');
    expect(await repository.read('README.md')).toBe('# Sum\nAdds.\n');
    const exits = results
      .map((result) => JSON.parse(result))
      .filter(({ output }) => Array.isArray(output))
      .map(({ output }) => output.at(-1).outcome.exit_code);
    expect(exits).toEqual([1, 0]);

    expect(calls.map(({ kind, name }) => [kind, name])).toEqual([
      ['TOOL_KIND_SHELL', 'shell'],
      ...Array(4).fill(['TOOL_KIND_APPLY_PATCH', 'apply_patch']),
      ['TOOL_KIND_SHELL', 'shell'],
    ]);
    expect(calls.map(({ arguments: args }) => args)).toEqual(
      [SHELL.action, WRONG, UPDATE, CREATE, DELETE, AGAIN.action].map((what) =>
        JSON.stringify(what),
      ),
    );

    expect(running.stub.requests[0]?.body.tools).toEqual([
      { type: 'apply_patch' },
      { type: 'shell', environment: { type: 'local' } },
    ]);
    const sent = inputsOf(running).at(-1) ?? [];
    const outputs = JSON.parse(results[0] ?? '').output;
    expect(sent.slice(1, 6)).toEqual([
      '{"type":"reasoning","id":"rs_1","encrypted_content":"gAAA=","summary":[{"type":"summary_text","text":"Look first."}]}',
      `{"type":"shell_call","call_id":"call_shell","status":"completed","action":${JSON.stringify(SHELL.action)}}`,
      `{"type":"shell_call_output","call_id":"call_shell","output":${JSON.stringify(outputs)},"max_output_length":4096}`,
      `{"type":"apply_patch_call","call_id":"call_patch_1","status":"completed","operation":${JSON.stringify(WRONG)}}`,
      // In the order in which the model said it.
      '{"type":"message","role":"assistant","content":"I mend it."}',
    ]);
    expect(JSON.parse(sent[6] ?? '')).toMatchObject({
      type: 'apply_patch_call_output',
      call_id: 'call_patch_1',
      status: 'failed',
    });
    expectGrowingPrefixes(running);
  });
});
