import { traceHeaders } from '../../telemetry/propagation.ts';
import type { Call } from '../call.ts';
import type { Clock } from '../clock.ts';
import type { Upstream } from '../upstream.ts';
import { ChatAnswer } from './chat-answer.ts';
import { buildRequest, type ClientOptions, createClient } from './client.ts';
import { toChatCompletionRequest } from './convert-request.ts';
import { listModels } from './models.ts';
import { Transport, type TransportOptions } from './transport.ts';

export interface OpenAIUpstreamOptions extends ClientOptions, TransportOptions {
  /**
   * How long to wait for usage and `[DONE]` once a model gave its finish reason and the stream fell
   * silent, in ms. The answer is complete then, its usage an estimate. Default 250.
   */
  readonly doneGraceMs?: number;
  /** Largest event of a stream, in bytes; a larger one fails the attempt. Default 32 MiB. */
  readonly maxEventBytes?: number;
}

const DEFAULT_DONE_GRACE_MS = 250;
const DEFAULT_MAX_EVENT_BYTES = 32 * 1024 * 1024;

/**
 * An OpenAI-compatible endpoint, spoken to over Chat Completions. Opens no connection before the
 * first call.
 *
 * @throws TypeError if `baseUrl` is not a URL
 */
export function createOpenAIUpstream(
  options: OpenAIUpstreamOptions,
  { clock }: { readonly clock: Clock },
): Upstream {
  const endpoint = new URL(options.baseUrl).origin;
  const client = createClient(options);
  const transport = new Transport(options);
  const context = {
    transport,
    clock,
    stream: {
      doneGraceMs: options.doneGraceMs ?? DEFAULT_DONE_GRACE_MS,
      maxEventBytes: options.maxEventBytes ?? DEFAULT_MAX_EVENT_BYTES,
    },
    buildRequest: (call: Call) =>
      buildRequest(client, {
        method: 'post',
        path: '/chat/completions',
        body: toChatCompletionRequest(call),
        headers: { accept: 'text/event-stream', ...traceHeaders(call.context) },
      }),
  };
  return {
    endpoint,
    answer: (call) => new ChatAnswer(call, context).events,
    listModels: (signal) => listModels({ client, transport, clock }, signal),
    close: () => transport.close(),
  };
}
