import type { Attributes, AttributeValue } from '@opentelemetry/api';
import type { Completed, Started } from '../../core/events.ts';
import type { MessageRequest, ResponseFormat } from '../../core/message.ts';
import {
  ATTRIBUTE,
  OPERATION_CHAT,
  OUTPUT_JSON,
  OUTPUT_TEXT,
  PROVIDER_AZURE,
  PROVIDER_OPENAI,
} from '../../telemetry/attributes.ts';

export interface ServerAddress {
  /** Host name or IP address. */
  readonly address: string;
  readonly port: number;
}

/** Hosts of Azure's own, behind the name of a resource. */
const AZURE = /\.(?:openai\.azure|cognitiveservices\.azure|services\.ai\.azure)\.com$/;

/** What spans and metrics of an attempt have in common; `model` is a label on the latter. */
export function operationAttributes(model: string, server: ServerAddress): Attributes {
  return {
    [ATTRIBUTE.genAiOperationName]: OPERATION_CHAT,
    [ATTRIBUTE.genAiProviderName]: AZURE.test(server.address) ? PROVIDER_AZURE : PROVIDER_OPENAI,
    [ATTRIBUTE.genAiRequestModel]: model,
    [ATTRIBUTE.serverAddress]: server.address,
    [ATTRIBUTE.serverPort]: server.port,
  };
}

/** The parameters of a request; never its content. */
export function requestAttributes(request: MessageRequest): Attributes {
  return defined({
    [ATTRIBUTE.genAiRequestStream]: true,
    [ATTRIBUTE.genAiOutputType]: outputType(request.responseFormat),
    [ATTRIBUTE.genAiRequestSeed]: request.seed,
    [ATTRIBUTE.genAiRequestMaxTokens]: request.maxTokens,
    [ATTRIBUTE.genAiRequestTemperature]: request.temperature,
    [ATTRIBUTE.genAiRequestTopP]: request.topP,
    [ATTRIBUTE.genAiRequestFrequencyPenalty]: request.frequencyPenalty,
    [ATTRIBUTE.genAiRequestPresencePenalty]: request.presencePenalty,
    [ATTRIBUTE.genAiRequestStopSequences]: request.stop && [...request.stop],
    [ATTRIBUTE.genAiRequestReasoningLevel]: request.reasoningEffort,
    [ATTRIBUTE.openaiRequestServiceTier]: request.serviceTier,
  });
}

export function startedAttributes(started: Started): Attributes {
  return defined({
    [ATTRIBUTE.genAiResponseId]: started.responseId || undefined,
    [ATTRIBUTE.genAiResponseModel]: started.model || undefined,
    [ATTRIBUTE.upstreamRequestId]: started.upstreamRequestId || undefined,
  });
}

export function completedAttributes(completed: Completed): Attributes {
  return defined({
    [ATTRIBUTE.genAiResponseModel]: completed.model || undefined,
    [ATTRIBUTE.genAiResponseFinishReasons]: [completed.rawFinishReason || completed.finishReason],
    [ATTRIBUTE.openaiResponseServiceTier]: completed.serviceTier || undefined,
    [ATTRIBUTE.openaiResponseSystemFingerprint]: completed.systemFingerprint || undefined,
    ...usageAttributes(completed),
  });
}

/** Nothing where the upstream reported nothing: an estimate would pass for a fact. */
function usageAttributes({ usage }: Completed): Attributes {
  if (usage.estimated) return {};
  return {
    [ATTRIBUTE.genAiUsageInputTokens]: usage.inputTokens,
    [ATTRIBUTE.genAiUsageOutputTokens]: usage.outputTokens,
    [ATTRIBUTE.genAiUsageCacheReadInputTokens]: usage.cacheReadTokens,
    [ATTRIBUTE.genAiUsageCacheWriteInputTokens]: usage.cacheWriteTokens,
    [ATTRIBUTE.genAiUsageReasoningOutputTokens]: usage.reasoningTokens,
  };
}

function outputType(format: ResponseFormat | undefined): string | undefined {
  if (format === undefined) return undefined;
  return format.type === 'text' ? OUTPUT_TEXT : OUTPUT_JSON;
}

/** An undefined attribute would be exported as an empty string. */
function defined(attributes: Readonly<Record<string, AttributeValue | undefined>>): Attributes {
  const kept: Attributes = {};
  for (const name in attributes) {
    const value = attributes[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
