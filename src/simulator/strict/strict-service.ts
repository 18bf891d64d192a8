import {
  anyObject,
  type Check,
  decimal,
  flag,
  nullable,
  object,
  oneOf,
  text,
} from './strict-values.ts';

/** The parameters that both surfaces have under one name. */
export const SERVICE_FIELDS: Readonly<Record<string, Check>> = {
  model: text({ least: 1 }),
  stream: nullable(flag),
  store: nullable(flag),
  metadata: nullable(anyObject),
  parallel_tool_calls: flag,
  temperature: nullable(decimal(0, 2)),
  top_p: nullable(decimal(0, 1)),
  prompt_cache_key: nullable(text({ most: 64 })),
  prompt_cache_retention: nullable(oneOf('in_memory', '24h')),
  safety_identifier: nullable(text({ most: 128 })),
  user: text({ most: 128 }),
};

/** @param ttls the lifetimes that the API has */
export function cacheOptions(...ttls: readonly string[]): Check {
  return object({ mode: oneOf('implicit', 'explicit'), ttl: oneOf(...ttls) }, []);
}
