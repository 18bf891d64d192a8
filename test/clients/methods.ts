import { HealthService } from '../../src/gen/grpc/health/v1/health.ts';
import { ServerReflectionService } from '../../src/gen/grpc/reflection/v1/reflection.ts';
import { ServerReflectionService as ServerReflectionServiceV1Alpha } from '../../src/gen/grpc/reflection/v1alpha/reflection.ts';
import { IAIBatchProviderService } from '../../src/gen/tamma/provider/v1/batch_provider.ts';
import { Role } from '../../src/gen/tamma/provider/v1/message.ts';
import {
  IAIProviderService,
  SendMessageRequest,
} from '../../src/gen/tamma/provider/v1/provider.ts';
import { IAIUsageProviderService } from '../../src/gen/tamma/provider/v1/usage_provider.ts';

/** An RPC, and what becomes of it when its caller is let in. */
export interface Method {
  readonly path: string;
  readonly request: Uint8Array;
  /** Name of the status. */
  readonly letIn: string;
  /** Whether it is for callers, too, of whom nothing is known. */
  readonly isOpen?: boolean;
}

// SendMessageSyncRequest and CountTokensRequest have the same field.
const CONVERSATION = SendMessageRequest.encode(
  SendMessageRequest.fromPartial({
    request: { model: 'gpt-4o-mini', messages: [{ role: Role.USER, content: 'Say hello' }] },
  }),
).finish();

/** Those that an empty request does not make `OK`. */
const OTHERS: Readonly<Record<string, Partial<Method>>> = {
  SendMessage: { request: CONVERSATION },
  SendMessageSync: { request: CONVERSATION },
  CountTokens: { request: CONVERSATION },
  // Nobody has the right to these, or all would end here.
  Dispose: { letIn: 'PERMISSION_DENIED' },
  InvalidateCache: { letIn: 'PERMISSION_DENIED' },
  ReloadConfig: { letIn: 'PERMISSION_DENIED' },
  CreateBatch: { letIn: 'INVALID_ARGUMENT' },
  GetBatch: { letIn: 'INVALID_ARGUMENT' },
  CancelBatch: { letIn: 'INVALID_ARGUMENT' },
  StreamBatchResults: { letIn: 'INVALID_ARGUMENT' },
};

/** Every RPC that a sidecar serves. */
export const METHODS: readonly Method[] = [
  IAIProviderService,
  IAIUsageProviderService,
  IAIBatchProviderService,
  ServerReflectionService,
  ServerReflectionServiceV1Alpha,
  HealthService,
]
  .flatMap((service) => Object.values<{ readonly path: string }>(service))
  .map(({ path }) => ({
    path,
    request: Buffer.alloc(0),
    letIn: 'OK',
    isOpen: path.startsWith('/grpc.health.'),
    ...OTHERS[path.slice(path.lastIndexOf('/') + 1)],
  }));
