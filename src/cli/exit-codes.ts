/** Each code with what it tells. The one place: `--help` prints it, docs/cli.md is held to it. */
const MEANINGS = {
  ok: [0, 'done; the sidecar: drained and stopped (SIGTERM, SIGINT, SIGQUIT, Dispose)'],
  failed: [
    1,
    'failed; the sidecar: could not start or stop, met an exception that nobody caught, or was told to stop a second time',
  ],
  usage: [2, 'the command line, the configuration, the request, or a file that was given is wrong'],
  lost: [
    3,
    'the sidecar stopped, but records of usage could be written nowhere: the log has their sums',
  ],
  unreachable: [4, 'there is no sidecar at the address, or it did not answer in time'],
  refused: [5, 'the sidecar does not know the caller, or does not let it do this'],
  notFound: [6, 'there is no such call, batch or model'],
  tryLater: [
    7,
    'failed, and the same may succeed later: rate limits, budgets, quotas, upstreams that are away',
  ],
  // As shells tell of SIGINT.
  interrupted: [130, 'the call was cancelled by Ctrl-C'],
} as const satisfies Record<string, readonly [code: number, meaning: string]>;

export type Exit = keyof typeof MEANINGS;

/** Exit codes by name. */
export const EXIT = Object.fromEntries(
  Object.entries(MEANINGS).map(([name, [code]]) => [name, code]),
) as Readonly<Record<Exit, number>>;

/** Code and meaning, in order of the codes. */
export function exitCodes(
  names?: readonly Exit[],
): readonly (readonly [code: number, meaning: string])[] {
  return Object.entries(MEANINGS)
    .filter(([name]) => names === undefined || names.some((one) => one === name))
    .map(([, row]) => row);
}
