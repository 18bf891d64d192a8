export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What a variable says, without the white space around it, which Secrets and files with Windows line ends bring along.
 * An empty one counts as unset: templates write that for "not given".
 */
export function variable(environment: Environment, name: string): string | undefined {
  const value = environment[name]?.trim();
  return value === '' ? undefined : value;
}
