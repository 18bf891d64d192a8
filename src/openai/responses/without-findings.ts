import { isObject } from '../../core/is-object.ts';
import type { OutputItem } from './event.ts';

/**
 * An item of a tool without what it found and printed, which can be of any size. The API takes it back
 * so, and sends it so unless it is asked for more. The very item if it has none of that.
 */
export function withoutFindings(item: OutputItem): OutputItem {
  const { results, outputs, action, ...rest } = item;
  const sources = isObject(action) ? action.sources : undefined;
  if (results == null && outputs == null && sources == null) return item;
  return {
    ...rest,
    ...(outputs !== undefined && { outputs: null }),
    ...(action !== undefined && { action: sources == null ? action : { ...action, sources: [] } }),
  };
}
