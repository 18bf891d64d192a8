import { refuseForeign } from '../core/caller.ts';
import { ProviderError } from '../core/errors.ts';
import type { MessageRequest } from '../core/message.ts';
import {
  IAIProviderService,
  type SendMessageResponse,
  SendMessageSyncResponse,
} from '../gen/tamma/provider/v1/provider.ts';
import type {
  CallOptions,
  IAIProvider,
  ModelInfo,
  ProviderCapabilities,
} from '../provider/provider.ts';
import { ownAnswers } from './callers/own.ts';
import { fromWireCacheSelection } from './convert/cache.ts';
import { toWireCapabilities } from './convert/capabilities.ts';
import { toWireModels, toWireTokenCount } from './convert/models.ts';
import { fromWireOptions } from './convert/options.ts';
import { fromWireRequest } from './convert/request.ts';
import { toWireResponse } from './convert/response.ts';
import { WireViolations } from './convert/violations.ts';
import type { LiveServerOptions, Reloaded } from './options.ts';
import { serialize, serializeSendMessageResponse } from './output/encode-response.ts';
import { writeAnswer } from './output/event-writer.ts';
import type { RpcCall } from './rpc/lifecycle.ts';
import type { RawHandlers } from './rpc/raw-service.ts';
import type { Rpcs } from './rpc/rpc.ts';
import type { StatusBoard } from './status/watch.ts';

export interface HandlerDeps {
  readonly rpcs: Rpcs;
  readonly provider: IAIProvider;
  readonly status: StatusBoard;
  /** The options that are in force. */
  readonly live: () => Pick<
    LiveServerOptions,
    'configRevision' | 'allowDispose' | 'allowInvalidateCache' | 'allowReload'
  >;
  /** Reads the configuration again. Rejects with ProviderError. */
  readonly reload: () => Promise<Reloaded>;
  /** Starts the drain. Called after Dispose was answered. */
  readonly onDispose: () => void;
}

const METHODS = IAIProviderService;

/** The hot path: deltas are encoded by hand. */
const SEND_MESSAGE = {
  ...METHODS.sendMessage,
  responseSerialize: (value: SendMessageResponse) => serializeSendMessageResponse(value),
};

const SEND_MESSAGE_SYNC = {
  ...METHODS.sendMessageSync,
  responseSerialize: (value: SendMessageSyncResponse) => serialize(SendMessageSyncResponse, value),
};

/** The status is serialized once for all who watch it. */
const WATCH_STATUS = { ...METHODS.watchStatus, responseSerialize: (status: Buffer) => status };

const ANSWERS = { answers: true } as const;

/** tamma.provider.v1.IAIProvider over the in-process provider. */
export function createHandlers(deps: HandlerDeps): RawHandlers<typeof IAIProviderService> {
  const { rpcs, provider, status } = deps;
  return {
    initialize: rpcs.unary(METHODS.initialize, {}, async (_request, rpc) => {
      const { warnings, ...identity } = await provider.initialize(callOptions(rpc));
      return { ...identity, warnings: [...warnings], configRevision: deps.live().configRevision };
    }),
    sendMessage: rpcs.serverStreaming(SEND_MESSAGE, ANSWERS, (message, stream, rpc) => {
      const violations = new WireViolations();
      const request = readRequest(message, rpc, violations);
      const streamed = fromWireOptions(message.options, violations);
      const options = callOptions(rpc, violations);
      return writeAnswer(
        (emit, flow) => provider.answer(request, { ...options, flow, ...streamed }, emit),
        stream,
        rpc.abort,
      );
    }),
    sendMessageSync: rpcs.unary(SEND_MESSAGE_SYNC, ANSWERS, async (message, rpc) => {
      const violations = new WireViolations();
      const request = readRequest(message, rpc, violations);
      const response = await provider.sendMessageSync(request, callOptions(rpc, violations));
      return { response: toWireResponse(response) };
    }),
    getCapabilities: rpcs.unary(
      {
        ...METHODS.getCapabilities,
        responseSerialize: serializedOnce((capabilities: ProviderCapabilities) =>
          METHODS.getCapabilities.responseSerialize(toWireCapabilities(capabilities)),
        ),
      },
      {},
      () => provider.getCapabilities(),
    ),
    getModels: rpcs.unary(
      {
        ...METHODS.getModels,
        responseSerialize: serializedOnce((models: readonly ModelInfo[]) =>
          METHODS.getModels.responseSerialize(toWireModels(models)),
        ),
      },
      {},
      (_request, rpc) => provider.getModels(callOptions(rpc)),
    ),
    countTokens: rpcs.unary(METHODS.countTokens, { heavy: true }, async (message, rpc) => {
      const violations = new WireViolations();
      const request = readRequest(message, rpc, violations);
      return toWireTokenCount(await provider.countTokens(request, callOptions(rpc, violations)));
    }),
    getStatus: rpcs.unary(METHODS.getStatus, {}, (_request, { caller }) => ({
      status: status.current(caller),
    })),
    watchStatus: rpcs.serverStreaming(
      WATCH_STATUS,
      { unlimited: true },
      async (_request, stream, { signal, caller, connection }) => {
        for await (const current of status.watch(signal, caller, caller ?? connection)) {
          if (!stream.write(current)) await stream.drained();
        }
      },
    ),
    invalidateCache: rpcs.unary(METHODS.invalidateCache, {}, async (request, { caller }) => {
      // One who is known has the right to, or would not be here.
      if (caller === undefined && !deps.live().allowInvalidateCache) {
        throw new ProviderError('PERMISSION_DENIED', {
          message:
            'InvalidateCache is off: cache.allowInvalidate in the configuration of this provider allows it.',
        });
      }
      const violations = new WireViolations();
      const selection = fromWireCacheSelection(request, violations);
      if (selection === undefined) {
        throw new ProviderError('INVALID_REQUEST', { fieldViolations: violations.found });
      }
      const entries = await provider.invalidateCache(ownAnswers(selection, caller));
      return { entries: BigInt(entries) };
    }),
    reloadConfig: rpcs.unary(METHODS.reloadConfig, {}, async (_request, { caller }) => {
      // One who is known has the right to, or would not be here.
      if (caller === undefined && !deps.live().allowReload) {
        throw new ProviderError('PERMISSION_DENIED', {
          message:
            'ReloadConfig is off: allowReload in the configuration of this provider allows it.',
        });
      }
      const { configRevision, changed, needsRestart } = await deps.reload();
      return { configRevision, changed: [...changed], needsRestart: [...needsRestart] };
    }),
    dispose: createDispose(deps),
  };
}

function createDispose(deps: HandlerDeps) {
  const { onDispose } = deps;
  const dispose = deps.rpcs.unary(METHODS.dispose, {}, (_request, { caller }) => {
    // One who is known has the right to, or would not be here.
    if (deps.live().allowDispose || caller !== undefined) return {};
    throw new ProviderError('PERMISSION_DENIED', {
      message: 'Dispose is off: allowDispose in the configuration of this provider allows it.',
    });
  });
  const answerThenDispose: typeof dispose = (call, callback) =>
    dispose(call, (error, ...answer) => {
      callback(error, ...answer);
      if (error === null) onDispose();
    });
  return answerThenDispose;
}

/** @throws ProviderError PERMISSION_DENIED if it is made for somebody whom the caller may not act for */
function readRequest(
  message: { readonly request: Parameters<typeof fromWireRequest>[0] },
  { caller }: RpcCall,
  violations: WireViolations,
): MessageRequest {
  refuseForeign(message.request?.metadata, caller, 'request.metadata');
  return fromWireRequest(message.request, violations);
}

function callOptions(rpc: RpcCall, violations = new WireViolations()) {
  violations.throwIfTooMany();
  const { id, caller, signal, deadline, context, record } = rpc;
  const { found } = violations;
  return { id, caller, signal, deadline, context, record, violations: found } satisfies CallOptions;
}

/** Serializes an answer again only if it is another object than the last one was. */
function serializedOnce<T extends object>(serialize: (answer: T) => Buffer): (answer: T) => Buffer {
  let last: { readonly answer: T; readonly bytes: Buffer } | undefined;
  return (answer) => {
    if (last?.answer !== answer) last = { answer, bytes: serialize(answer) };
    return last.bytes;
  };
}
