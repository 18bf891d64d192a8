import type * as wire from '../../gen/tamma/provider/v1/provider.ts';
import type { ProviderCapabilities } from '../../provider/provider.ts';
import { toCount } from './count.ts';
import { toWireFeatures, toWireModel } from './models.ts';

export function toWireCapabilities(
  capabilities: ProviderCapabilities,
): wire.GetCapabilitiesResponse {
  const { limits } = capabilities;
  return {
    provider: capabilities.provider,
    version: capabilities.version,
    supportsStreaming: capabilities.supportsStreaming,
    supportsImages: capabilities.supportsImages,
    supportsTools: capabilities.supportsTools,
    maxInputTokens: toCount(capabilities.maxInputTokens),
    maxOutputTokens: toCount(capabilities.maxOutputTokens),
    supportedModels: capabilities.supportedModels.map(toWireModel),
    features: toWireFeatures(capabilities.features),
    limits: {
      requestsPerMinute: toCount(limits.requestsPerMinute),
      tokensPerMinute: toCount(limits.tokensPerMinute),
      requestsPerDay: toCount(limits.requestsPerDay),
    },
    unserved: [...capabilities.unserved],
  };
}
