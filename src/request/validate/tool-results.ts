import { isObject } from '../../core/is-object.ts';
import type { Message, ToolKind } from '../../core/message.ts';
import { VALUES_RULE } from './handed-back.ts';
import { isDeeperThan, MAX_DEPTH, writesHalves } from './json-object.ts';
import type { Values } from './json-values.ts';
import { WELL_FORMED_RULE } from './text.ts';

/** What the caller did of an `apply_patch` call, as the upstream takes it. */
export interface PatchResult {
  readonly status: 'completed' | 'failed';
  readonly output?: string;
}

/** What the commands of a `shell` call came to, as the upstream takes it. */
export interface ShellResult {
  readonly output: readonly object[];
  readonly max_output_length?: number;
}

/** Whether an MCP server may be called. */
export interface ApprovalResult {
  readonly approve: boolean;
  readonly reason?: string;
}

/** Larger than what any tool prints for a model to read. */
const MAX_COMMANDS = 1_024;

const PATCH_RULE =
  'must be JSON such as {"status": "completed", "output": "…"}, with the status completed or failed';
const APPROVAL_RULE = 'must be JSON such as {"approve": true} or {"approve": false, "reason": "…"}';
const SHELL_RULE =
  'must be JSON such as {"output": [{"stdout": "…", "stderr": "…", "outcome": {"type": "exit", "exit_code": 0}}]}, with the outcome {"type": "timeout"} for a command that was ended';

/**
 * Why `content` is no result of a call of this kind; undefined if it is one.
 *
 * @param values of the request
 */
export function resultProblem(
  kind: ToolKind,
  content: Message['content'],
  values: Values,
): string | undefined {
  if (kind === 'function' || kind === 'custom' || values.areTooMany) return undefined;
  if (!values.add(textOf(content) ?? '')) return VALUES_RULE;
  if (kind === 'apply_patch') return problemOf(patchResult(content), PATCH_RULE, content);
  if (kind === 'shell') return problemOf(shellResult(content), SHELL_RULE, content);
  return problemOf(approvalResult(content), APPROVAL_RULE, content);
}

/** Its strings are written anew into the request, and no upstream reads one with half a character. */
function problemOf(
  parsed: object | undefined,
  rule: string,
  content: Message['content'],
): string | undefined {
  if (parsed === undefined) return rule;
  return writesHalves(textOf(content) ?? '', parsed) ? WELL_FORMED_RULE : undefined;
}

/** Undefined: it is none. */
export function patchResult(content: Message['content']): PatchResult | undefined {
  const parsed = parse(content);
  if (!isObject(parsed)) return undefined;
  const { status, output } = parsed;
  if (status !== 'completed' && status !== 'failed') return undefined;
  if (output === undefined || output === null) return { status };
  return typeof output === 'string' ? { status, output } : undefined;
}

/** Undefined: it is none. */
export function approvalResult(content: Message['content']): ApprovalResult | undefined {
  const parsed = parse(content);
  if (!isObject(parsed)) return undefined;
  const { approve, reason } = parsed;
  if (typeof approve !== 'boolean') return undefined;
  if (reason === undefined || reason === null) return { approve };
  return typeof reason === 'string' ? { approve, reason } : undefined;
}

/** Undefined: it is none. The list of outputs alone is one, too. */
export function shellResult(content: Message['content']): ShellResult | undefined {
  const parsed = parse(content);
  if (Array.isArray(parsed)) return shellOutput(parsed);
  if (!isObject(parsed) || !Array.isArray(parsed.output)) return undefined;
  const { max_output_length: most } = parsed;
  const result = shellOutput(parsed.output);
  if (result === undefined || most === undefined || most === null) return result;
  return Number.isInteger(most) ? { ...result, max_output_length: Number(most) } : undefined;
}

const ACTION_RULE = `must be a JSON object of at most ${MAX_DEPTH} levels`;

/** Why a text cannot be what a patch or a shell is asked for, which is the upstream's own JSON. */
export function actionProblem(text: string, values: Values): string | undefined {
  if (values.areTooMany) return undefined;
  if (!values.add(text)) return VALUES_RULE;
  const action = parse(text);
  return problemOf(isObject(action) ? action : undefined, ACTION_RULE, text);
}

function shellOutput(output: readonly unknown[]): ShellResult | undefined {
  if (output.length === 0 || output.length > MAX_COMMANDS) return undefined;
  return output.every(isCommandOutput) ? { output } : undefined;
}

function isCommandOutput(value: unknown): value is object {
  if (!isObject(value) || !isObject(value.outcome)) return false;
  const { stdout, stderr, outcome } = value;
  if (typeof stdout !== 'string' || typeof stderr !== 'string') return false;
  return outcome.type === 'timeout' || (outcome.type === 'exit' && isExitCode(outcome.exit_code));
}

function isExitCode(code: unknown): boolean {
  return Number.isSafeInteger(code);
}

/** Undefined, too, if it is nested too deep to be sent on. */
function parse(content: Message['content']): unknown {
  const text = textOf(content);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    const tooDeep = typeof value === 'object' && value !== null && isDeeperThan(value, MAX_DEPTH);
    return tooDeep ? undefined : value;
  } catch {
    return undefined;
  }
}

function textOf(content: Message['content']): string | undefined {
  if (typeof content === 'string') return content;
  return content.every(({ type }) => type === 'text')
    ? content.map((part) => (part.type === 'text' ? part.text : '')).join('')
    : undefined;
}
