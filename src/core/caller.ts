import { ProviderError } from './errors.ts';

/** Who makes a call, as far as it was authenticated: one of the configuration's `callers`. */
export interface Caller {
  /** Its name in the configuration. */
  readonly name: string;
  /** The only project that it may act for. Absent: any. */
  readonly projectId?: string;
  /** The only user that it may act for. Absent: any. */
  readonly userId?: string;
  /** It has not the right to know what others spend. Absent: it has. */
  readonly withoutUsage?: true;
}

/** Before the name of a caller, where it stands for an owner. */
const CALLER = 'caller ';

/** Whom what is kept for a caller belongs to. */
export function ownerOf({ name }: Caller): string {
  return `${CALLER}${name}`;
}

/** The caller that an owner is. What it may act for is not told. Undefined: it is none. */
export function callerIn(owner: string): Caller | undefined {
  return owner.startsWith(CALLER) ? { name: owner.slice(CALLER.length) } : undefined;
}

type Labels = Readonly<Record<string, string>>;

/** The keys of a call's metadata that name a user or a project; the first of them counts. */
const USER_KEYS = ['user_id', 'userId'] as const;
const PROJECT_KEYS = ['project_id', 'projectId'] as const;

/** Whether a key of a call's metadata names a user or a project. */
export function namesSpender(key: string): boolean {
  return [...USER_KEYS, ...PROJECT_KEYS].some((one) => one === key);
}

/** The user for whom a call is made. Empty: it names none. */
export function userOf(metadata: Labels = {}, caller?: Caller): string {
  return caller?.userId ?? firstOf(metadata, USER_KEYS);
}

/** The project for which a call is made. Empty: it names none. */
export function projectOf(metadata: Labels = {}, caller?: Caller): string {
  return caller?.projectId ?? firstOf(metadata, PROJECT_KEYS);
}

function firstOf(metadata: Labels, keys: readonly string[]): string {
  for (const key of keys) {
    const value = metadata[key];
    if (value) return value;
  }
  return '';
}

/**
 * Refuses metadata that names another user or project than the caller is bound to. What it leaves out
 * is the caller's own: see `userOf` and `projectOf`.
 *
 * @param field of the metadata: `request.metadata`
 * @throws ProviderError PERMISSION_DENIED
 */
export function refuseForeign(metadata: Labels = {}, caller: Caller | undefined, field: string) {
  if (caller === undefined) return;
  for (const key of USER_KEYS) refuseOther(caller, metadata[key], caller.userId, `${field}.${key}`);
  for (const key of PROJECT_KEYS) {
    refuseOther(caller, metadata[key], caller.projectId, `${field}.${key}`);
  }
}

/**
 * Metadata with the user and the project that the caller is bound to filled in, for what is kept and
 * worked off later.
 *
 * @param field of the metadata
 * @throws ProviderError PERMISSION_DENIED if it names others
 */
export function ownMetadata(metadata: Labels, caller: Caller | undefined, field: string): Labels {
  refuseForeign(metadata, caller, field);
  const { userId, projectId } = caller ?? {};
  return {
    ...metadata,
    ...(userId === undefined ? {} : { user_id: userId }),
    ...(projectId === undefined ? {} : { project_id: projectId }),
  };
}

/**
 * The same of one field.
 *
 * @param own absent: the caller is not bound
 */
export function refuseOther(
  caller: Caller,
  named: string | undefined,
  own: string | undefined,
  field: string,
): void {
  if (!named || own === undefined || named === own) return;
  // Without the value that is its own, which is not for everybody who holds a token.
  throw new ProviderError('PERMISSION_DENIED', {
    message: `The caller ${caller.name} may not act for what ${field} names.`,
  });
}
