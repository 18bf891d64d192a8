import type { ResponseInputItem } from 'openai/resources/responses/responses';
import type { Message, ToolCall, ToolKind } from '../../core/message.ts';
import { approvalResult, patchResult, shellResult } from '../../request/validate/tool-results.ts';
import { unserved } from '../request/unserved.ts';
import { stringOr } from '../values/json-record.ts';
import { parseJsonExactly } from '../values/parse-json-exactly.ts';
import { fromProviderData } from '../values/provider-data.ts';

type Output = Extract<ResponseInputItem, { type: 'custom_tool_call_output' }>['output'];

/**
 * A call that the model made, as the Responses API takes it back.
 *
 * @param target the upstream, whose provider data it may bring
 */
export function toCallItem(call: ToolCall, target: string): ResponseInputItem {
  const { id, name, arguments: args, kind = 'function' } = call;
  switch (kind) {
    case 'function':
      return { type: 'function_call', call_id: id, name, arguments: args || '{}' };
    case 'custom':
      return { type: 'custom_tool_call', call_id: id, name, input: args };
    case 'apply_patch':
      return asWritten({ type: 'apply_patch_call', call_id: id, status: 'completed' }, 'operation');
    case 'shell':
      return asWritten({ type: 'shell_call', call_id: id, status: 'completed' }, 'action');
    case 'mcp_approval': {
      const { server_label } = fromProviderData(target, call.providerData);
      const label = stringOr(server_label);
      return { type: 'mcp_approval_request', id, name, arguments: args, server_label: label };
    }
  }

  /** What to do is the upstream's own JSON, whose form is its affair. */
  function asWritten(item: object, field: 'operation' | 'action'): ResponseInputItem {
    const whole: unknown = { ...item, [field]: parseJsonExactly(args) };
    return whole as ResponseInputItem;
  }
}

/**
 * The result of a call.
 *
 * @param kind of the call
 * @param output of it as text, images and files
 */
export function toResultItem(
  { content, toolCallId: call_id = '' }: Message,
  kind: ToolKind,
  output: Output,
): ResponseInputItem {
  switch (kind) {
    case 'function':
      return { type: 'function_call_output', call_id, output };
    case 'custom':
      return { type: 'custom_tool_call_output', call_id, output };
    case 'apply_patch':
      return {
        type: 'apply_patch_call_output',
        call_id,
        ...(patchResult(content) ?? unserved('the result of a patch')),
      };
    case 'shell': {
      const result = shellResult(content) ?? unserved('the result of a shell');
      return { type: 'shell_call_output', call_id, ...result } as ResponseInputItem;
    }
    case 'mcp_approval': {
      const answer = approvalResult(content) ?? unserved('the answer to an approval');
      return { type: 'mcp_approval_response', approval_request_id: call_id, ...answer };
    }
  }
}

/** Of which kind the calls are that results answer, turn by turn: an id may be used anew. */
export class OpenCalls {
  readonly #kinds = new Map<string, ToolKind>();

  /** @returns the kind of the call that the message answers, if it is a result */
  see({ toolCalls = [], toolCallId = '' }: Message): ToolKind {
    for (const { id, kind = 'function' } of toolCalls) this.#kinds.set(id, kind);
    return this.#kinds.get(toolCallId) ?? 'function';
  }
}
