import type { MessageRequest } from '../../core/message.ts';
import type { ModelParameter } from '../../core/model.ts';
import { isSet } from './accepts.ts';
import {
  givesNoAnswers,
  lacking,
  missingOn,
  needsReasoning,
  onlyOnChat,
  outsideOutputLimits,
  type Problem,
  rejectedByModel,
  toolsNeedNoReasoning,
  toolsNeedResponses,
  unknownEffort,
} from './problems.ts';

/** A field of a request that some target cannot honour. */
export interface Parameter {
  /** Its proto path. */
  readonly path: string;
  readonly isSet: (request: MessageRequest) => boolean;
  /** The first that applies is told. */
  readonly problems: readonly Problem[];
  /** The request without it. Absent: without it the answer would be another, so it stays. */
  readonly without?: (request: MessageRequest) => MessageRequest;
}

/** How the answer is sampled: dispensable where the operator says so. */
function dispensable(name: ModelParameter, field: string, ...problems: Problem[]): Parameter {
  return {
    ...essential(name, field, ...problems),
    without: ({ [name]: _, ...rest }) => rest as MessageRequest,
  };
}

/** What the answer is, or where it ends. */
function essential(name: ModelParameter, field: string, ...problems: Problem[]): Parameter {
  return {
    path: `request.${field}`,
    isSet: (request) => isSet(request[name]),
    problems: [rejectedByModel(name), onlyOnChat(name), ...problems],
  };
}

/**
 * Every parameter that some target does not take, effort first: what the model accepts beside it
 * depends on the effort that remains.
 */
export const PARAMETERS: readonly Parameter[] = [
  { path: 'request.model', isSet: () => true, problems: [givesNoAnswers] },
  dispensable('reasoningEffort', 'reasoning_effort', unknownEffort),
  {
    path: 'request.reasoning_summary',
    isSet: ({ reasoningSummary }) => isSet(reasoningSummary),
    problems: [needsReasoning, missingOn('chat_completions')],
    without: ({ reasoningSummary: _, ...rest }) => rest,
  },
  dispensable('temperature', 'temperature'),
  dispensable('topP', 'top_p'),
  dispensable('frequencyPenalty', 'frequency_penalty'),
  dispensable('presencePenalty', 'presence_penalty'),
  dispensable('seed', 'seed'),
  dispensable('logitBias', 'logit_bias'),
  dispensable('prediction', 'prediction', lacking('predictedOutputs')),
  dispensable('verbosity', 'verbosity'),
  dispensable('parallelToolCalls', 'parallel_tool_calls', lacking('parallelToolCalls')),
  {
    path: 'request.context_policy',
    isSet: ({ contextPolicy }) => contextPolicy === 'compact',
    problems: [missingOn('chat_completions')],
  },
  essential('stop', 'stop'),
  essential('tools', 'tools', lacking('tools'), toolsNeedResponses),
  {
    path: 'request.reasoning_effort',
    isSet: ({ tools }) => isSet(tools),
    problems: [toolsNeedNoReasoning],
  },
  {
    path: 'request.max_tokens',
    isSet: ({ maxTokens }) => isSet(maxTokens),
    problems: [outsideOutputLimits],
  },
  {
    path: 'request.response_format.json_schema',
    isSet: ({ responseFormat }) => responseFormat?.type === 'json_schema',
    problems: [lacking('structuredOutputs')],
  },
  {
    path: 'request.response_format.json_object',
    isSet: ({ responseFormat }) => responseFormat?.type === 'json_object',
    problems: [lacking('jsonMode')],
  },
];
