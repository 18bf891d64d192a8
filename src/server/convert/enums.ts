import type { StreamRecovery } from '../../core/call.ts';
import { ERROR_KINDS, type ErrorReason } from '../../core/error-kinds.ts';
import type { TimeoutPhase } from '../../core/errors.ts';
import type { FinishReason } from '../../core/events.ts';
import type {
  CacheMode,
  ContextPolicy,
  ImagePart,
  Role,
  TaskType,
  ToolChoiceMode,
  ToolKind,
} from '../../core/message.ts';
import * as wireError from '../../gen/tamma/provider/v1/error.ts';
import * as wireEvent from '../../gen/tamma/provider/v1/event.ts';
import * as wireMessage from '../../gen/tamma/provider/v1/message.ts';

/**
 * Every pair of a domain name and its number on the wire. The types make each table total on the
 * domain's side; a test makes it total on the wire's.
 */

/** By the same names: one that the contract has not is no index of its enum. */
export const ERROR_REASON = Object.fromEntries(
  (Object.keys(ERROR_KINDS) as ErrorReason[]).map((reason) => [
    reason,
    wireError.ErrorReason[reason],
  ]),
) as Readonly<Record<ErrorReason, wireError.ErrorReason>>;

export const TIMEOUT_PHASE: Record<TimeoutPhase, wireError.TimeoutPhase> = {
  connect: wireError.TimeoutPhase.CONNECT,
  headers: wireError.TimeoutPhase.HEADERS,
  first_token: wireError.TimeoutPhase.FIRST_TOKEN,
  idle: wireError.TimeoutPhase.IDLE,
};

export const FINISH_REASON: Record<FinishReason, wireEvent.FinishReason> = {
  stop: wireEvent.FinishReason.STOP,
  length: wireEvent.FinishReason.LENGTH,
  tool_calls: wireEvent.FinishReason.TOOL_CALLS,
  content_filter: wireEvent.FinishReason.CONTENT_FILTER,
  error: wireEvent.FinishReason.ERROR,
};

export const ROLE: Record<Role, wireMessage.Role> = {
  system: wireMessage.Role.SYSTEM,
  developer: wireMessage.Role.DEVELOPER,
  user: wireMessage.Role.USER,
  assistant: wireMessage.Role.ASSISTANT,
  tool: wireMessage.Role.TOOL,
};

export const IMAGE_DETAIL: Record<NonNullable<ImagePart['detail']>, wireMessage.ImageDetail> = {
  auto: wireMessage.ImageDetail.AUTO,
  low: wireMessage.ImageDetail.LOW,
  high: wireMessage.ImageDetail.HIGH,
  original: wireMessage.ImageDetail.ORIGINAL,
};

export const TOOL_CHOICE_MODE: Record<ToolChoiceMode, wireMessage.ToolChoiceMode> = {
  auto: wireMessage.ToolChoiceMode.AUTO,
  none: wireMessage.ToolChoiceMode.NONE,
  required: wireMessage.ToolChoiceMode.REQUIRED,
};

export const TOOL_KIND: Record<ToolKind, wireMessage.ToolKind> = {
  function: wireMessage.ToolKind.FUNCTION,
  custom: wireMessage.ToolKind.CUSTOM,
  apply_patch: wireMessage.ToolKind.APPLY_PATCH,
  shell: wireMessage.ToolKind.SHELL,
  mcp_approval: wireMessage.ToolKind.MCP_APPROVAL,
};

export const TASK_TYPE: Record<TaskType, wireMessage.TaskType> = {
  code_generation: wireMessage.TaskType.CODE_GENERATION,
  code_review: wireMessage.TaskType.CODE_REVIEW,
  reasoning: wireMessage.TaskType.REASONING,
  analysis: wireMessage.TaskType.ANALYSIS,
  documentation: wireMessage.TaskType.DOCUMENTATION,
  testing: wireMessage.TaskType.TESTING,
  debugging: wireMessage.TaskType.DEBUGGING,
  planning: wireMessage.TaskType.PLANNING,
};

export const CACHE_MODE: Record<CacheMode, wireMessage.CacheMode> = {
  bypass: wireMessage.CacheMode.BYPASS,
  use: wireMessage.CacheMode.USE,
  refresh: wireMessage.CacheMode.REFRESH,
};

export const CONTEXT_POLICY: Record<ContextPolicy, wireMessage.ContextPolicy> = {
  reject: wireMessage.ContextPolicy.REJECT,
  truncate_oldest: wireMessage.ContextPolicy.TRUNCATE_OLDEST,
  truncate_middle: wireMessage.ContextPolicy.TRUNCATE_MIDDLE,
  compact: wireMessage.ContextPolicy.COMPACT,
};

export const STREAM_RECOVERY: Record<StreamRecovery, wireEvent.StreamRecovery> = {
  fail: wireEvent.StreamRecovery.FAIL,
  restart: wireEvent.StreamRecovery.RESTART,
  hold_back: wireEvent.StreamRecovery.HOLD_BACK,
  resume: wireEvent.StreamRecovery.RESUME,
};

/** The domain's name of a wire number; undefined for UNSPECIFIED and for numbers not known here. */
export function nameOf<Name extends string>(
  table: Readonly<Record<Name, number>>,
  value: number,
): Name | undefined {
  for (const name in table) if (table[name] === value) return name;
  return undefined;
}
