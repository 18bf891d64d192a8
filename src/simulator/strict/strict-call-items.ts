import { Rejection } from './strict-error.ts';
import {
  anyObject,
  arrayOf,
  type Check,
  type Fields,
  flag,
  integer,
  nullable,
  object,
  oneOf,
  text,
  variant,
} from './strict-values.ts';

/** The items of tools that are no functions, as they come back. */

const MAX_ITEMS = 10_000;
const STATUS = nullable(oneOf('in_progress', 'completed', 'incomplete'));
const callId: Check = text({ least: 1, most: 64 });

const PATH = text({ least: 1 });
const OPERATION = variant('type', {
  create_file: object({ type: oneOf('create_file'), path: PATH, diff: text() }, [
    'type',
    'path',
    'diff',
  ]),
  update_file: object({ type: oneOf('update_file'), path: PATH, diff: text() }, [
    'type',
    'path',
    'diff',
  ]),
  delete_file: object({ type: oneOf('delete_file'), path: PATH }, ['type', 'path']),
});

const OUTCOME = variant('type', {
  exit: object({ type: oneOf('exit'), exit_code: integer(-(2 ** 31), 2 ** 31 - 1) }, [
    'type',
    'exit_code',
  ]),
  timeout: object({ type: oneOf('timeout') }, ['type']),
});

const COMMAND_OUTPUT = object({ stdout: text(), stderr: text(), outcome: OUTCOME }, [
  'stdout',
  'stderr',
  'outcome',
]);

/** @param output of a custom tool: text, or parts */
export function callItems(output: Check): Readonly<Record<string, Check>> {
  return {
    custom_tool_call: object(
      { type: oneOf('custom_tool_call'), call_id: callId, name: text({ least: 1 }), input: text() },
      ['call_id', 'name', 'input'],
    ),
    custom_tool_call_output: object(
      { type: oneOf('custom_tool_call_output'), call_id: callId, output },
      ['call_id', 'output'],
    ),
    apply_patch_call: object(
      {
        type: oneOf('apply_patch_call'),
        call_id: callId,
        status: oneOf('in_progress', 'completed'),
        operation: OPERATION,
        id: nullable(text()),
      },
      ['call_id', 'status', 'operation'],
    ),
    apply_patch_call_output: object(
      {
        type: oneOf('apply_patch_call_output'),
        call_id: callId,
        status: oneOf('completed', 'failed'),
        output: nullable(text()),
      },
      ['call_id', 'status'],
    ),
    shell_call: object(
      {
        type: oneOf('shell_call'),
        call_id: callId,
        status: STATUS,
        action: object(
          {
            commands: arrayOf(text(), 1, MAX_ITEMS),
            timeout_ms: nullable(integer(0, 2 ** 31 - 1)),
            max_output_length: nullable(integer(0, 2 ** 31 - 1)),
          },
          ['commands'],
        ),
        id: nullable(text()),
      },
      ['call_id', 'action'],
    ),
    shell_call_output: object(
      {
        type: oneOf('shell_call_output'),
        call_id: callId,
        output: arrayOf(COMMAND_OUTPUT, 1, MAX_ITEMS),
        max_output_length: nullable(integer(0, 2 ** 31 - 1)),
        status: STATUS,
      },
      ['call_id', 'output'],
    ),
    compaction: object(
      { type: oneOf('compaction'), id: nullable(text()), encrypted_content: text({ least: 1 }) },
      ['encrypted_content'],
    ),
    // What OpenAI ran itself goes back as it came.
    web_search_call: anyObject,
    file_search_call: anyObject,
    code_interpreter_call: anyObject,
    image_generation_call: anyObject,
    mcp_list_tools: anyObject,
    mcp_call: anyObject,
    mcp_approval_request: anyObject,
    mcp_approval_response: object(
      {
        type: oneOf('mcp_approval_response'),
        approval_request_id: text({ least: 1 }),
        approve: flag,
        reason: nullable(text()),
      },
      ['approval_request_id', 'approve'],
    ),
  };
}

/** Every call has one output of its own kind, behind it. */
export function checkCalls(items: readonly Fields[]): void {
  const open = new Map<unknown, string>();
  for (const { type, call_id: id } of items) {
    const kind = String(type);
    if (kind.endsWith('_call') && id !== undefined) {
      if (open.has(id)) throw atInput(`Duplicate function call with call_id ${id}.`);
      open.set(id, kind);
    } else if (kind.endsWith('_call_output')) {
      if (open.get(id) !== kind.replace(/_output$/, '')) {
        throw atInput(`No tool call found for ${words(kind)} with call_id ${id}.`);
      }
      open.delete(id);
    }
  }
  for (const [id, kind] of open) throw atInput(`No tool output found for ${words(kind)} ${id}.`);
}

function words(kind: string): string {
  return kind.replaceAll('_', ' ');
}

function atInput(message: string): Rejection {
  return new Rejection(message, { param: 'input' });
}
