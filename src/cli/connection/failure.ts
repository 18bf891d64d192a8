import { type ErrorDetails, errorDetails } from '../../client/error-details.ts';
import { type Cli, CliError } from '../cli.ts';
import type { Exit } from '../exit-codes.ts';
import { say } from '../harmless.ts';

/** Codes of gRPC by which failures are told apart. */
const CODE = {
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  UNAVAILABLE: 14,
} as const;

interface Failed {
  readonly address: string;
  readonly json: boolean;
  readonly cli: Cli;
}

/**
 * What a call ended with, for whoever typed. With `json` it is a google.rpc.Status on standard error.
 * What is no failure of a call comes back as it is.
 */
export async function failure(error: unknown, { address, json, cli }: Failed): Promise<unknown> {
  if (!isStatus(error)) return error;
  const details = errorDetails(error);
  const exit = exitOf(error.code, details);
  if (json) {
    const { statusJson } = await import('../print/proto-json.ts');
    const status = statusJson(error.code, error.details, error.metadata);
    say(cli.host.stderr, JSON.stringify(status));
    return new CliError(exit);
  }
  return new CliError(exit, said(error, details, exit === 'unreachable' ? address : undefined));
}

/** What to tell whoever asked where nobody answers. */
export function unreachable(address: string, why: string): string {
  return `no sidecar answers at ${address}: ${why}; --address says where it is`;
}

interface StatusError extends Error {
  readonly code: number;
  readonly details: string;
  readonly metadata: { get(key: string): readonly (string | Buffer)[] };
}

function isStatus(error: unknown): error is StatusError {
  return error instanceof Error && 'code' in error && 'details' in error && 'metadata' in error;
}

function exitOf(code: number, { reason, retryable }: ErrorDetails): Exit {
  if (reason === '' && (code === CODE.UNAVAILABLE || code === CODE.DEADLINE_EXCEEDED)) {
    return 'unreachable';
  }
  if (reason === 'CALLER_UNAUTHENTICATED' || code === CODE.PERMISSION_DENIED) return 'refused';
  if (code === CODE.NOT_FOUND) return 'notFound';
  if (code === CODE.INVALID_ARGUMENT) return 'usage';
  return retryable || code === CODE.RESOURCE_EXHAUSTED ? 'tryLater' : 'failed';
}

/** The failure in one line, and below it what is wrong with each field, and what the upstream said. */
function said(
  { details: message, message: whole }: StatusError,
  { reason, violations, callId, failure: info, retryAfterMs }: ErrorDetails,
  address: string | undefined,
): string {
  const why = message || whole;
  // grpc-js wraps what the system says, and OpenSSL puts where it happened around it.
  const [, wrapped = why] = /Last error: (?:Error: )?(.*?)\s*\. Resolution note/s.exec(why) ?? [];
  const system = wrapped
    // Where a proxy of the environment is in between, which grpc-js tells in a line of its own.
    .replace(/^(undefined|null)$/, 'no connection was made')
    .replace(/^\w+:error:\w+:[^:]*:[^:]*:([^:]*):.*$/s, 'TLS: $1')
    .replace(/^Failed to connect \(.*$/s, 'it hangs up; if it speaks TLS, so must this: --tls');
  const head =
    address === undefined
      ? [reason, system].filter((part) => part).join(': ')
      : unreachable(address, system);
  // The message of most errors ends with them.
  const words = info?.upstreamMessage;
  const below = [
    ...violations.map(({ field, description }) => `${field}: ${description}`),
    ...(words && !why.includes(words) ? [`the upstream says: ${words}`] : []),
    ...(retryAfterMs === undefined ? [] : [`try again in ${Math.ceil(retryAfterMs / 1_000)} s`]),
    ...(callId === undefined ? [] : [`id of the call: ${callId}`]),
  ];
  return [head, ...below.map((line) => `  ${line}`)].join('\n');
}
