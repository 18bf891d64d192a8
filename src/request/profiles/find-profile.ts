import type { Model } from '../../core/model.ts';
import { matchesPattern } from '../../core/name-pattern.ts';
import type { ModelProfile, Profiles } from './profiles.ts';

/** A model as it is asked for: the name that is sent, and what is known of it. */
export interface NamedModel {
  readonly name: string;
  readonly model: Model;
}

export interface FoundProfile {
  readonly key: string;
  readonly profile: ModelProfile;
}

/** The profile of the name, else that of the model it belongs to, else the first pattern's. */
export function findProfile(
  { name, model }: NamedModel,
  profiles: Profiles['models'],
): FoundProfile | undefined {
  for (const key of [name, model.id]) {
    const profile = Object.hasOwn(profiles, key) ? profiles[key] : undefined;
    if (profile !== undefined) return { key, profile };
  }
  for (const key of patternsIn(profiles)) {
    const profile = profiles[key];
    if (profile && matchesPattern(key, name)) return { key, profile };
  }
  return undefined;
}

const patterns = new WeakMap<Profiles['models'], readonly string[]>();

/** Found once: profiles do not change. */
function patternsIn(profiles: Profiles['models']): readonly string[] {
  let found = patterns.get(profiles);
  if (found === undefined) {
    found = Object.keys(profiles).filter((key) => /[*?]/.test(key));
    patterns.set(profiles, found);
  }
  return found;
}
