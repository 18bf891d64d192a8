import { context } from '@opentelemetry/api';
import { type Call, NOTHING_APPLIED } from '../core/call.ts';
import { newCallRecord } from '../core/call-record.ts';
import { Flow } from '../core/flow.ts';
import type { MessageRequest } from '../core/message.ts';
import { unknownModel } from '../core/model.ts';
import type { AnswerOptions } from './provider.ts';

/** A call as it comes, before anything is decided. @param now epoch ms */
export function newCall(
  request: MessageRequest,
  id: string,
  options: AnswerOptions,
  now: number,
): Call {
  return {
    id,
    caller: options.caller,
    asked: request,
    request,
    violations: options.violations ?? [],
    model: request.model ?? '',
    upstream: '',
    target: { model: unknownModel(request.model ?? ''), surface: 'chat_completions' },
    alternatives: [],
    key: 0,
    applied: NOTHING_APPLIED,
    warnings: [],
    recovery: options.recovery ?? 'fail',
    background: options.background || undefined,
    firstTokenTimeoutMs: options.firstTokenTimeoutMs,
    idleTimeoutMs: options.idleTimeoutMs,
    flow: options.flow ?? new Flow(),
    signal: options.signal ?? new AbortController().signal,
    deadline: options.deadline ?? Number.POSITIVE_INFINITY,
    context: options.context ?? context.active(),
    record: options.record ?? newCallRecord(now),
    attempt: 0,
    onProgress: () => {},
    onHeadroom: () => {},
  };
}
