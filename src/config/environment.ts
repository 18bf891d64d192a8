export type Environment = Readonly<Record<string, string | undefined>>;

/** What a variable says. An empty one counts as unset: templates write that for "not given". */
export function variable(environment: Environment, name: string): string | undefined {
  const value = environment[name];
  return value === '' ? undefined : value;
}
