import type {
  CachePolicy,
  CustomFormat,
  MessageRequest,
  ResponseFormat,
  Tool,
  ToolChoice,
} from '../../core/message.ts';
import { present } from '../../core/present.ts';
import type * as wire from '../../gen/tamma/provider/v1/message.ts';
import { CACHE_MODE, CONTEXT_POLICY, TASK_TYPE, TOOL_CHOICE_MODE } from './enums.ts';
import { fromWireHostedTools } from './hosted-tools.ts';
import { fromWireMessage } from './message.ts';
import { list, map, text } from './present.ts';
import { fromWireDuration } from './time.ts';
import { optionalEnum, requiredEnum, type WireViolations } from './violations.ts';

/**
 * The request of a call. Notes only what the domain's types cannot express; ranges and the like are
 * the pipeline's. Fields are named as in the RPC's request: `request.messages[0].role`.
 */
export function fromWireRequest(
  request: wire.MessageRequest | undefined,
  violations: WireViolations,
): MessageRequest {
  if (request === undefined) {
    violations.add('request', 'must be set');
    return { messages: [] };
  }
  const messages = request.messages.map((message, i) =>
    fromWireMessage(message, `request.messages[${i}]`, violations),
  );
  return { messages, ...fromWireSettings(request, violations) };
}

function fromWireSettings(request: wire.MessageRequest, violations: WireViolations) {
  return present({
    model: text(request.model),
    maxTokens: request.maxTokens,
    temperature: request.temperature,
    topP: request.topP,
    frequencyPenalty: request.frequencyPenalty,
    presencePenalty: request.presencePenalty,
    stop: list(request.stop),
    seed: fromWireSeed(request.seed, violations),
    reasoningEffort: text(request.reasoningEffort),
    tools: list(request.tools.map(fromWireTool)),
    toolChoice: fromWireToolChoice(request.toolChoice, violations),
    parallelToolCalls: request.parallelToolCalls,
    responseFormat: fromWireResponseFormat(request.responseFormat, violations),
    taskType: optionalEnum(TASK_TYPE, request.taskType, 'request.task_type', violations),
    serviceTier: text(request.serviceTier),
    verbosity: text(request.verbosity),
    promptCacheKey: text(request.promptCacheKey),
    promptCacheRetention: text(request.promptCacheRetention),
    safetyIdentifier: text(request.safetyIdentifier),
    logitBias: map(request.logitBias),
    prediction: text(request.prediction),
    fallbackModels: list(request.fallbackModels),
    cache: fromWireCachePolicy(request.cache, violations),
    contextPolicy: optionalEnum(
      CONTEXT_POLICY,
      request.contextPolicy,
      'request.context_policy',
      violations,
    ),
    metadata: map(request.metadata),
    reasoningSummary: text(request.reasoningSummary),
    promptCacheOptions: request.promptCacheOptions && {
      ...present({
        mode: text(request.promptCacheOptions.mode),
        ttl: text(request.promptCacheOptions.ttl),
      }),
    },
    hostedTools: fromWireHostedTools(request.hostedTools, violations),
    maxToolCalls: request.maxToolCalls,
    idempotencyKey: text(request.idempotencyKey),
  });
}

function fromWireCachePolicy(
  cache: wire.CachePolicy | undefined,
  violations: WireViolations,
): CachePolicy | undefined {
  if (cache === undefined) return undefined;
  return present({
    mode: optionalEnum(CACHE_MODE, cache.mode, 'request.cache.mode', violations),
    ttlMs: fromWireDuration(cache.ttl, 'request.cache.ttl', violations),
    coalesce: cache.coalesce,
  });
}

/** A number, because the upstream takes JSON, whose integers are exact only up to 2^53-1. */
function fromWireSeed(seed: bigint | undefined, violations: WireViolations): number | undefined {
  if (seed === undefined) return undefined;
  const value = Number(seed);
  if (Number.isSafeInteger(value)) return value;
  return violations.add('request.seed', 'must be between -(2^53-1) and 2^53-1');
}

function fromWireTool(tool: wire.Tool): Tool {
  return {
    name: tool.name,
    ...present({
      description: text(tool.description),
      inputSchema: text(tool.inputSchema),
      strict: tool.strict,
      custom: tool.custom && fromWireCustomFormat(tool.custom),
    }),
  };
}

function fromWireCustomFormat({ format }: wire.CustomFormat): CustomFormat {
  return format?.$case === 'grammar' ? { type: 'grammar', ...format.value } : { type: 'text' };
}

function fromWireToolChoice(
  toolChoice: wire.ToolChoice | undefined,
  violations: WireViolations,
): ToolChoice | undefined {
  if (toolChoice === undefined) return undefined;
  const { choice } = toolChoice;
  switch (choice?.$case) {
    case 'mode':
      return requiredEnum(TOOL_CHOICE_MODE, choice.value, 'request.tool_choice.mode', violations);
    case 'functionName':
      return { functionName: choice.value };
    case 'allowed': {
      const { mode: value, names } = choice.value;
      const field = 'request.tool_choice.allowed.mode';
      const mode = requiredEnum(TOOL_CHOICE_MODE, value, field, violations);
      return mode && { allowed: { mode, names } };
    }
    case 'customName':
      return { customName: choice.value };
    case 'hosted':
      return { hosted: choice.value };
    default:
      return violations.add(
        'request.tool_choice',
        'must be a mode, a function_name, allowed, a custom_name or hosted',
      );
  }
}

function fromWireResponseFormat(
  responseFormat: wire.ResponseFormat | undefined,
  violations: WireViolations,
): ResponseFormat | undefined {
  if (responseFormat === undefined) return undefined;
  const { format } = responseFormat;
  switch (format?.$case) {
    case 'text':
      return { type: 'text' };
    case 'jsonObject':
      return { type: 'json_object' };
    case 'jsonSchema': {
      const { name, schema, strict, description } = format.value;
      const optional = present({ strict, description: text(description) });
      return { type: 'json_schema', name, schema, ...optional };
    }
    default:
      return violations.add('request.response_format', 'must be text, json_object or json_schema');
  }
}
