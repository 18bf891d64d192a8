import type * as wire from '../../gen/tamma/provider/v1/provider.ts';
import type { CacheSelection } from '../../provider/provider.ts';
import type { WireViolations } from './violations.ts';

/** Which answers an InvalidateCacheRequest takes out; undefined if it does not say. */
export function fromWireCacheSelection(
  { what }: wire.InvalidateCacheRequest,
  violations: WireViolations,
): CacheSelection | undefined {
  const named = (field: string, name: string): string | undefined =>
    name === '' ? violations.add(field, 'must not be empty') : name;
  switch (what?.$case) {
    case 'all':
      return what.value ? { type: 'all' } : violations.add('all', 'must be true');
    case 'model': {
      const model = named('model', what.value);
      return model === undefined ? undefined : { type: 'model', model };
    }
    case 'projectId': {
      const projectId = named('project_id', what.value);
      return projectId === undefined ? undefined : { type: 'project', projectId };
    }
    case 'key': {
      const key = named('key', what.value);
      return key === undefined ? undefined : { type: 'key', key };
    }
    default:
      return violations.add('what', 'must be all, a model, a project_id or a key');
  }
}
