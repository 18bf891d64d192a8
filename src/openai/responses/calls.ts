import type { ToolKind } from '../../core/message.ts';
import type { ToolCallPiece } from '../answer/tool-calls.ts';
import { stringOr } from '../values/json-record.ts';
import type { OutputItem } from './event.ts';

/** The items that ask the caller to do something. */
const CALLS: Readonly<Record<string, ToolKind>> = {
  function_call: 'function',
  custom_tool_call: 'custom',
  apply_patch_call: 'apply_patch',
  shell_call: 'shell',
  mcp_approval_request: 'mcp_approval',
};

/** Of the tools that the model knows, where the call says what to do. */
export const ACTIONS: Readonly<Record<string, 'operation' | 'action'>> = {
  apply_patch_call: 'operation',
  shell_call: 'action',
};

export function isCall({ type }: OutputItem): boolean {
  return typeof type === 'string' && Object.hasOwn(CALLS, type);
}

/** What an item says of a call, in the terms of all of them. */
export function callIn(item: OutputItem): ToolCallPiece & {
  readonly name: string;
  readonly arguments: string;
} {
  const kind = CALLS[stringOr(item.type)] ?? 'function';
  // What the model knows has no name of its own.
  const known = stringOr(item.type) in ACTIONS ? kind : '';
  return {
    name: known || stringOr(item.name),
    arguments: stringOr(kind === 'custom' ? item.input : item.arguments),
    ...(kind !== 'function' && { kind }),
  };
}

/** As it begins: an action is told when it is whole, for it is no text that grows. */
export function beginningOf(item: OutputItem): OutputItem {
  if (!(stringOr(item.type) in ACTIONS)) return item;
  const { arguments: _, ...beginning } = item;
  return beginning;
}
