import type { Call, Emit } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import { ProviderError } from '../core/errors.ts';
import type { Completed } from '../core/events.ts';
import type { Surface } from '../core/model.ts';
import { type ProviderLog, SILENT } from '../core/provider-log.ts';
import type { Upstream } from '../core/upstream.ts';
import { traceHeaders } from '../telemetry/propagation.ts';
import { Answer } from './answer/answer.ts';
import type { ApiSurface } from './answer/api-surface.ts';
import { UsualEvents } from './answer/repeated-event.ts';
import { OpenAIBatches } from './batches/batches.ts';
import { KeyedBatches } from './batches/keyed-batches.ts';
import { toChatCompletionRequest } from './chat/request.ts';
import { ChatStream } from './chat/stream.ts';
import { type ClientOptions, RequestBuilder, type Requests } from './http/client.ts';
import { type KeyOptions, RotatingKey } from './http/rotating-key.ts';
import { Transport, type TransportOptions } from './http/transport.ts';
import { followTrust } from './http/trust.ts';
import { withTakenCalls } from './request/call-ids.ts';
import { type Dialect, dialectOf } from './request/dialect.ts';
import { RefusedStreamOptions } from './request/refused-stream-options.ts';
import { listModels } from './resources/models.ts';
import { ResourceHttp } from './resources/resource-http.ts';
import type { McpServers } from './responses/hosted-tools.ts';
import { KeptResponses } from './responses/kept-responses.ts';
import { toResponsesRequest } from './responses/request.ts';
import { ResponsesStream } from './responses/stream.ts';
import { ReadableReasoning } from './responses/unopened-reasoning.ts';

export interface OpenAIUpstreamOptions extends Omit<ClientOptions, 'apiKey'>, TransportOptions {
  /** A call's `key` is a position in them. Empty: the server wants none. */
  readonly apiKeys: readonly KeyOptions[];
  /**
   * How long to wait for the end of a stream that stays open and silent behind a finish reason, in ms.
   * The answer is complete then, its usage an estimate if none has come. Default 5,000.
   */
  readonly afterFinishMs?: number;
  /** Largest event of a stream, in bytes; a larger one fails the attempt. Default 32 MiB. */
  readonly maxEventBytes?: number;
  /** What the upstream may be told to call, by the names that callers use. Default: nothing. */
  readonly mcpServers?: McpServers;
  /** Whether callers may see the upstream's own words for a failure. Default true. */
  readonly upstreamMessages?: boolean;
  /** Whether the caller's tracestate is sent along. Default false. */
  readonly traceState?: boolean;
}

const DEFAULT_AFTER_FINISH_MS = 5_000;
const DEFAULT_MAX_EVENT_BYTES = 32 * 1024 * 1024;

const EVENT_STREAM = 'text/event-stream';

/** A file may be read in the middle of being written, and then once more. */
const MAX_RENEWALS = 2;

export interface UpstreamDeps {
  readonly clock: Clock;
  /** By which dates of the upstream are read. Default: `clock`. */
  readonly dated?: Clock;
  /** Default: nobody is told of keys that changed. */
  readonly log?: ProviderLog;
  /** The key at this position is another one now. Default: nobody wants to know. */
  readonly onKeyChange?: (position: number) => void;
}

/** How an upstream is asked that may be told to call these MCP servers. */
function surfacesOf(
  dialect: Dialect,
  streamOptions: RefusedStreamOptions,
  mcpServers: McpServers,
): Readonly<Record<Surface, ApiSurface>> {
  return {
    /** Spoken by every compatible server. */
    chat_completions: {
      path: '/chat/completions',
      toRequest: (call) =>
        toChatCompletionRequest(
          withTakenCalls(call, dialect.calls),
          streamOptions.dialectFor(call),
        ),
      newStream: (call, emit) => new ChatStream(call, emit, dialect),
    },
    /** OpenAI's own, and the only one of some of its models. */
    responses: {
      path: '/responses',
      toRequest: (call) =>
        toResponsesRequest(withTakenCalls(call, dialect.calls), mcpServers, dialect),
      newStream: (call, emit) => new ResponsesStream(call, emit),
    },
  };
}

/**
 * An OpenAI-compatible endpoint, spoken to over the surface that a call's target names. Opens no
 * connection before the first call.
 *
 * @throws TypeError if `baseUrl` is not a URL
 */
export function createOpenAIUpstream(options: OpenAIUpstreamOptions, deps: UpstreamDeps): Upstream {
  const { clock } = deps;
  const endpoint = new URL(options.baseUrl).origin;
  const { apiKeys, mcpServers = {}, ...client } = options;
  const dialect = dialectOf(options.baseUrl);
  const streamOptions = new RefusedStreamOptions(dialect);
  const surfaces = surfacesOf(dialect, streamOptions, mcpServers);
  const keys = apiKeys.map((key, position) => rotatingKey(client, key, position, deps));
  const [first = new RequestBuilder(client)] = keys;
  const transport = new Transport(options, { clock });
  const endTrust = followTrust(options.ca, {
    clock,
    log: deps.log ?? SILENT,
    trust: (pem) => transport.trust(pem),
  });
  const context = {
    transport,
    clock,
    dated: deps.dated ?? clock,
    stream: {
      afterFinishMs: options.afterFinishMs ?? DEFAULT_AFTER_FINISH_MS,
      maxEventBytes: options.maxEventBytes ?? DEFAULT_MAX_EVENT_BYTES,
      usual: new UsualEvents(),
    },
    upstreamMessages: options.upstreamMessages ?? true,
    again: (call: Call, emit: Emit, error: ProviderError) =>
      streamOptions.again(call, emit, error, ask),
    buildRequest: (call: Call, surface: ApiSurface) =>
      (keys[call.key] ?? first).build({
        method: 'post',
        path: surface.path,
        body: surface.toRequest(call),
        accept: mediaType(call),
        headers: traceHeaders(call.context, options.traceState ?? false),
      }),
  };
  const kept = new KeptResponses(keys.length, {
    ...context,
    surface: surfaces.responses,
    resources: (key) => new ResourceHttp({ requests: keys[key] ?? first, transport, clock }),
  });
  const batchesOf = (requests: Requests) =>
    new OpenAIBatches({
      requests,
      transport,
      clock,
      surfaces,
      maxLineBytes: context.stream.maxEventBytes,
    });
  const ask = (call: Call, emit: Emit): Promise<Completed> =>
    call.keeps
      ? kept.answer(call, emit)
      : new Answer(call, emit, surfaces[call.target.surface], context).run();
  const reasoning = new ReadableReasoning(ask);
  const answerOnce = (call: Call, emit: Emit) => reasoning.answer(call, emit);
  return {
    endpoint,
    answers: kept,
    answer: (call, emit) => {
      const key = keys[call.key];
      if (!key?.canRenew) return answerOnce(call, emit);
      let hasEmitted = false;
      const pass: Emit = (event) => {
        hasEmitted = true;
        emit(event);
      };
      const send = () => answerOnce(call, pass);
      return withRenewed(key, send, () => hasEmitted || call.signal.aborted);
    },
    listModels: (signal) => {
      const list = (requests: Requests) => listModels({ requests, transport, clock }, signal);
      const renewing = (key: RotatingKey) =>
        withRenewed(
          key,
          () => list(key),
          () => signal.aborted,
        );
      const [main, ...others] = keys;
      // A key that was revoked is no reason not to know the models.
      return others.reduce(
        (listed, next) => listed.catch(unlessRefused(() => renewing(next))),
        main === undefined ? list(first) : renewing(main),
      );
    },
    batches: new KeyedBatches(
      batchesOf(first),
      new Map(keys.map((key) => [key.name, batchesOf(key)])),
    ),
    warm: async () => {
      const paths = Object.values(surfaces).map(({ path }) => path);
      const request = { method: 'post', body: {}, accept: EVENT_STREAM } as const;
      const senders = keys.length > 0 ? keys : [first];
      await Promise.allSettled(
        senders.flatMap((sender) => paths.map((path) => sender.build({ ...request, path }))),
      );
    },
    close: () => {
      endTrust();
      return transport.close();
    },
  };
}

function rotatingKey(
  client: Omit<ClientOptions, 'apiKey'>,
  key: KeyOptions,
  position: number,
  { clock, log = SILENT, onKeyChange }: UpstreamDeps,
): RotatingKey {
  return new RotatingKey(client, key, { clock, log, onChange: () => onKeyChange?.(position) });
}

/**
 * Does it again where the key was refused and its file holds another one by now: whoever rotates keys may
 * revoke the old one before anybody has looked.
 */
async function withRenewed<T>(
  key: RotatingKey,
  send: () => Promise<T>,
  isFinal: () => boolean,
): Promise<T> {
  for (let renewals = 0; ; renewals += 1) {
    const used = key.current;
    try {
      return await send();
    } catch (thrown) {
      const isRefused = ProviderError.from(thrown).reason === 'INVALID_API_KEY';
      if (!isRefused || renewals === MAX_RENEWALS || isFinal()) throw thrown;
      if (!(await key.renew(used))) throw thrown;
    }
  }
}

/** Does the same with the next key if this one was refused. */
function unlessRefused<T>(again: () => Promise<T>): (error: unknown) => Promise<T> {
  return (error) => {
    if (ProviderError.from(error).reason !== 'INVALID_API_KEY') throw error;
    return again();
  };
}

function mediaType({ target }: Call): string {
  return target.model.supports.streaming ? EVENT_STREAM : 'application/json';
}
