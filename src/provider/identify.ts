import { ProviderError } from '../core/errors.ts';
import { endReason } from '../core/signal.ts';
import type { ProviderIdentity } from './provider.ts';
import type { SetupParts } from './setup.ts';
import type { UpstreamParts } from './upstream-parts.ts';
import { within } from './within.ts';

/** Asks every upstream for its models, and tells who this provider is and what is wrong with them. */
export async function identify(
  name: string,
  { options: own, main, upstreams, store, models }: SetupParts,
  asked: AbortSignal | undefined,
): Promise<ProviderIdentity> {
  const problems = await within(asked, (signal) =>
    Promise.all(
      upstreams.map(async (parts) => {
        const list = parts === main ? models.refresh(signal) : parts.listing.get(signal);
        return [parts, await problemOf(parts, list, signal)] as const;
      }),
    ),
  );
  if (asked?.aborted) throw endReason(asked);
  return {
    provider: name,
    version: own.version,
    ready: problems.every(([parts, problem]) => parts !== main || problem === ''),
    warnings: [
      ...(own.warnings ?? []),
      ...store.value.warnings,
      ...problems.flatMap(([, problem]) => problem || []),
    ],
  };
}

/** Why an upstream does not list its models; empty: it does. */
async function problemOf(
  { name, health }: UpstreamParts,
  list: Promise<unknown>,
  signal: AbortSignal,
): Promise<string> {
  try {
    await list;
    health.succeeded();
    return '';
  } catch (thrown) {
    const error = ProviderError.from(thrown);
    const { reason, message } = error;
    if (!signal.aborted) health.failed(error);
    return `Listing the models of ${name} failed (${reason}): ${message}`;
  }
}
