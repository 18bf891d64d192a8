/** A route as somebody wrote it. What is absent is that of the route it is an alternative to. */
export interface WrittenRoute {
  readonly upstream?: string;
  readonly model?: string;
}

/**
 * Reads `azure` (an upstream), `azure/gpt-4o` (an upstream and a model) and `gpt-4o` (a model). What
 * stands before the first slash is an upstream only if there is one of that name, so
 * `meta-llama/llama-4` is a model; where a model has the name of an upstream, the upstream is meant.
 *
 * @param upstreams their names, `default` among them
 */
export function parseRoute(
  text: string,
  upstreams: Pick<ReadonlySet<string>, 'has'>,
): WrittenRoute {
  const slash = text.indexOf('/');
  const head = slash === -1 ? text : text.slice(0, slash);
  if (!upstreams.has(head)) return { model: text };
  return slash === -1 ? { upstream: head } : { upstream: head, model: text.slice(slash + 1) };
}
