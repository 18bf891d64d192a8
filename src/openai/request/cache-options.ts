import type { MessageRequest } from '../../core/message.ts';

/** As both APIs want them; undefined: not said. */
export function toCacheOptions({
  promptCacheOptions: options,
}: MessageRequest): { readonly mode?: string; readonly ttl?: string } | undefined {
  if (!options?.mode && !options?.ttl) return undefined;
  return { ...(options.mode && { mode: options.mode }), ...(options.ttl && { ttl: options.ttl }) };
}
