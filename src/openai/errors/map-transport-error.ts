import type { ErrorReason } from '../../core/error-kinds.ts';
import { type ErrorFacts, ProviderError } from '../../core/errors.ts';
import { recordOf } from '../values/json-record.ts';
import { toCause } from '../values/upstream-text.ts';
import { ProxyError, TunnelError } from './proxy-errors.ts';

type Failure = readonly [reason: ErrorReason, facts: Omit<ErrorFacts, 'model' | 'cause'>];

const DNS: Failure = [
  'NETWORK_ERROR',
  { message: "The upstream's host name could not be resolved (DNS)." },
];
const REFUSED: Failure = ['NETWORK_ERROR', { message: 'The upstream refused the connection.' }];
const UNREACHABLE: Failure = ['NETWORK_ERROR', { message: 'There is no route to the upstream.' }];
const NO_FILES: Failure = [
  'NETWORK_ERROR',
  {
    message: 'No connection could be opened: this process has as many files open as it may.',
    unasked: true,
  },
];
const NO_PORTS: Failure = [
  'NETWORK_ERROR',
  {
    message: 'No connection could be opened: this machine has no local port or address for it.',
    unasked: true,
  },
];
const RESET: Failure = [
  'NETWORK_ERROR',
  { message: 'The upstream closed the connection before its answer was complete.' },
];
const TLS: Failure = [
  'NETWORK_ERROR',
  { message: 'No trusted TLS connection to the upstream could be made.' },
];
const NO_TLS: Failure = [
  'NETWORK_ERROR',
  { message: 'The upstream speaks no TLS there: perhaps its URL must begin with http://.' },
];
const UNTRUSTED: Failure = [
  'NETWORK_ERROR',
  {
    message:
      "The upstream's TLS certificate is of no CA that is trusted here: caFile names others.",
  },
];
const EXPIRED: Failure = [
  'NETWORK_ERROR',
  { message: "The upstream's TLS certificate has expired, or this machine's clock is ahead." },
];
const NOT_YET_VALID: Failure = [
  'NETWORK_ERROR',
  {
    message: "The upstream's TLS certificate is not valid yet, or this machine's clock is behind.",
  },
];
const WRONG_NAME: Failure = [
  'NETWORK_ERROR',
  { message: "The upstream's TLS certificate is for another host name." },
];
const MALFORMED: Failure = [
  'SERVICE_UNAVAILABLE',
  { message: 'The upstream sent something that is not an HTTP response.' },
];
const CONNECT_TIMEOUT: Failure = [
  'TIMEOUT',
  { timeoutPhase: 'connect', message: 'The connection to the upstream took too long.' },
];
const HEADERS_TIMEOUT: Failure = [
  'TIMEOUT',
  { timeoutPhase: 'headers', message: "The upstream's response headers took too long." },
];
const BODY_TIMEOUT: Failure = [
  'TIMEOUT',
  { timeoutPhase: 'idle', message: 'The upstream fell silent in the middle of its answer.' },
];
/** By `Transport.close()` and nothing else: another attempt would meet the same. */
const CLOSED: Failure = ['SHUTTING_DOWN', {}];
const UNKNOWN: Failure = ['NETWORK_ERROR', {}];

/** Codes of the operating system, of Node and of undici. */
const FAILURE_OF_CODE: ReadonlyMap<string, Failure> = new Map([
  ['ENOTFOUND', DNS],
  ['ECONNREFUSED', REFUSED],
  ['EHOSTUNREACH', UNREACHABLE],
  ['ENETUNREACH', UNREACHABLE],
  ['EMFILE', NO_FILES],
  ['ENFILE', NO_FILES],
  ['EADDRNOTAVAIL', NO_PORTS],
  ['ECONNRESET', RESET],
  ['ECONNABORTED', RESET],
  ['EPIPE', RESET],
  ['UND_ERR_SOCKET', RESET],
  ['CERT_HAS_EXPIRED', EXPIRED],
  ['CERT_NOT_YET_VALID', NOT_YET_VALID],
  ['ERR_TLS_CERT_ALTNAME_INVALID', WRONG_NAME],
  ['EPROTO', TLS],
  ['INVALID_CA', TLS],
  ['INVALID_PURPOSE', TLS],
  ['PATH_LENGTH_EXCEEDED', TLS],
  ['SELF_SIGNED_CERT_IN_CHAIN', UNTRUSTED],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', UNTRUSTED],
  ['UNABLE_TO_GET_ISSUER_CERT', UNTRUSTED],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNTRUSTED],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNTRUSTED],
  ['ERR_SSL_WRONG_VERSION_NUMBER', NO_TLS],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', NO_TLS],
  // What Node.js calls every other refusal of a certificate, a key that is too short for instance.
  ['UNSPECIFIED', TLS],
  ['ETIMEDOUT', CONNECT_TIMEOUT],
  ['UND_ERR_CONNECT_TIMEOUT', CONNECT_TIMEOUT],
  ['UND_ERR_HEADERS_TIMEOUT', HEADERS_TIMEOUT],
  ['UND_ERR_BODY_TIMEOUT', BODY_TIMEOUT],
  ['UND_ERR_HEADERS_OVERFLOW', MALFORMED],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', MALFORMED],
  ['UND_ERR_CLOSED', CLOSED],
  ['UND_ERR_DESTROYED', CLOSED],
]);

/** Families of codes: those of getaddrinfo, OpenSSL's verification errors, Node's TLS errors, llhttp's parse errors. */
const FAILURE_OF_PREFIX: readonly (readonly [string, Failure])[] = [
  ['EAI_', DNS],
  ['CERT_', TLS],
  ['UNABLE_TO_', TLS],
  ['ERR_TLS_', TLS],
  ['ERR_SSL_', TLS],
  ['HPE_', MALFORMED],
];

/** How deep errors wrap each other at most. */
const MAX_DEPTH = 8;

/** A failure to exchange anything with the upstream. A ProviderError inside is what is returned. */
export function fromTransportError(error: unknown, model: string): ProviderError {
  const chain = causesOf(error);
  const known = chain.find((link) => link instanceof ProviderError);
  if (known instanceof ProviderError) return known;
  const [reason, facts] = firstFailure(chain) ?? UNKNOWN;
  return new ProviderError(reason, {
    ...facts,
    model,
    cause: toCause(chain.map(describe).join('; caused by ')),
  });
}

/** The error and what it wraps; of the addresses that were tried, the first. */
function causesOf(error: unknown): readonly unknown[] {
  const chain: unknown[] = [];
  for (let link = error; link != null && chain.length < MAX_DEPTH; link = causeOf(link)) {
    chain.push(link);
  }
  return chain;
}

function causeOf(error: unknown): unknown {
  const { errors, cause } = recordOf(error);
  return Array.isArray(errors) ? errors[0] : cause;
}

function firstFailure(chain: readonly unknown[]): Failure | undefined {
  return chain.map(failureOf).find((found) => found !== undefined);
}

function failureOf(error: unknown): Failure | undefined {
  if (error instanceof TunnelError) return ['NETWORK_ERROR', { message: noTunnel(error) }];
  if (error instanceof ProxyError) return ofProxy(firstFailure(causesOf(error.cause)) ?? UNKNOWN);
  const code = codeOf(error);
  const exact = FAILURE_OF_CODE.get(code);
  return exact ?? FAILURE_OF_PREFIX.find(([prefix]) => code.startsWith(prefix))?.[1];
}

/** The same, said of the proxy, which is who has to be looked at. */
function ofProxy([reason, facts]: Failure): Failure {
  const { message = 'The proxy could not be reached, or it hung up.' } = facts;
  return [reason, { ...facts, message: message.replaceAll('upstream', 'proxy') }];
}

function noTunnel({ status }: TunnelError): string {
  const said = status === 0 ? 'its answer was no HTTP response' : `it answered ${status}`;
  const credentials = status === 407 ? ', for it wants other credentials' : '';
  return `The proxy made no connection to the upstream: ${said}${credentials}.`;
}

function codeOf(error: unknown): string {
  const { code, name } = recordOf(error);
  // undici gives some of its parser's errors no code.
  if (code === undefined && name === 'HTTPParserError') return 'HPE_';
  return typeof code === 'string' ? code : '';
}

/** Read as a record, not by instanceof: errors of other realms (workers, vm) are not of this class. */
function describe(error: unknown): string {
  const { name, message } = recordOf(error);
  if (typeof message !== 'string') return typeof error === 'string' ? error : typeof error;
  return `${typeof name === 'string' ? name : 'error'} ${codeOf(error)}: ${message}`;
}
