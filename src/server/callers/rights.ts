import { ServerReflectionService } from '../../gen/grpc/reflection/v1/reflection.ts';
import { ServerReflectionService as ServerReflectionServiceV1Alpha } from '../../gen/grpc/reflection/v1alpha/reflection.ts';
import { IAIBatchProviderService } from '../../gen/tamma/provider/v1/batch_provider.ts';
import { IAIProviderService } from '../../gen/tamma/provider/v1/provider.ts';
import { IAIUsageProviderService } from '../../gen/tamma/provider/v1/usage_provider.ts';

/** What a caller may be allowed. */
export type Right = 'messages' | 'batches' | 'usage' | 'admin' | 'reflection';

/** What an RPC takes; `none`: every caller who is authenticated has it. */
type Needed = Right | 'none';

/** Of every method of a service, so that none that is added later stands open. */
type RightsOf<Service> = Readonly<Record<keyof Service, Needed>>;

const PROVIDER: RightsOf<typeof IAIProviderService> = {
  initialize: 'none',
  sendMessage: 'messages',
  sendMessageSync: 'messages',
  getCapabilities: 'none',
  getModels: 'none',
  dispose: 'admin',
  getStatus: 'none',
  watchStatus: 'none',
  countTokens: 'messages',
  invalidateCache: 'admin',
  reloadConfig: 'admin',
};

const USAGE: RightsOf<typeof IAIUsageProviderService> = {
  getUsage: 'usage',
  getBudgets: 'usage',
};

const BATCHES: RightsOf<typeof IAIBatchProviderService> = {
  createBatch: 'batches',
  getBatch: 'batches',
  listBatches: 'batches',
  cancelBatch: 'batches',
  streamBatchResults: 'batches',
};

const REFLECTION: RightsOf<typeof ServerReflectionService> = { serverReflectionInfo: 'reflection' };

type Methods = Readonly<Record<string, { readonly path: string }>>;

const BY_PATH: ReadonlyMap<string, Needed> = new Map([
  ...byPath(IAIProviderService, PROVIDER),
  ...byPath(IAIUsageProviderService, USAGE),
  ...byPath(IAIBatchProviderService, BATCHES),
  ...byPath(ServerReflectionService, REFLECTION),
  ...byPath(ServerReflectionServiceV1Alpha, REFLECTION),
]);

/** Kubelets and load balancers have no tokens, and learn nothing but that the process serves. */
const HEALTH = '/grpc.health.v1.Health/';

/** Whether the RPC is for everybody. */
export function isOpen(path: string): boolean {
  return path.startsWith(HEALTH);
}

/** What the RPC takes. Undefined: there is no such RPC. */
export function rightFor(path: string): Needed | undefined {
  return BY_PATH.get(path);
}

function byPath<Service extends Methods>(
  service: Service,
  rights: RightsOf<Service>,
): (readonly [string, Needed])[] {
  return Object.entries(service).map(([name, { path }]) => [path, rights[name as keyof Service]]);
}
