import type { Http2Session } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { callStream } from './call-stream.ts';

/** What a caller's certificate says, once it was verified against the listener's CA. */
export interface PeerCertificate {
  /** DNS names among its subject alternative names. */
  readonly dnsNames: readonly string[];
  /** URIs among them, such as a SPIFFE id: `spiffe://cluster.local/ns/shop/sa/checkout`. */
  readonly uris: readonly string[];
  /** `CN=checkout,O=Shop`, in the order of the certificate. */
  readonly subject: string;
  /** SHA-256, upper-case hexadecimal with colons. */
  readonly fingerprint: string;
  /** Until when it is valid, epoch ms. A connection may outlive it. */
  readonly expiresAt: number;
}

const known = new WeakMap<Http2Session, PeerCertificate | 'none'>();

/**
 * The verified certificate of the caller of a grpc-js call, of whatever kind. Undefined without TLS,
 * without a certificate, and if it was not issued by the listener's CA: what nobody vouches for is
 * not told.
 */
export function peerCertificate(call: object): PeerCertificate | undefined {
  const session = callStream(call)?.session;
  if (session === undefined || session.destroyed) return undefined;
  let certificate = known.get(session);
  if (certificate === undefined) {
    certificate = readCertificate(session.socket as TLSSocket) ?? 'none';
    known.set(session, certificate);
  }
  return certificate === 'none' ? undefined : certificate;
}

/** The same of a connection. */
export function readCertificate(
  socket: Pick<TLSSocket, 'authorized' | 'getPeerX509Certificate'>,
): PeerCertificate | undefined {
  if (socket.authorized !== true) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  const names = parseAlternativeNames(certificate.subjectAltName ?? '');
  const ofKind = (kind: string) => names.filter((name) => name.kind === kind).map((n) => n.value);
  return {
    dnsNames: ofKind('DNS'),
    uris: ofKind('URI'),
    subject: certificate.subject.split('\n').join(','),
    fingerprint: certificate.fingerprint256,
    expiresAt: Date.parse(certificate.validTo),
  };
}

/** One name of Node's text of them; a value with a comma or a quote in it stands in quotes, as in JSON. */
const ALTERNATIVE_NAME = /([^:,]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y;

interface AlternativeName {
  /** `DNS`, `URI`, `email`, `IP Address` and so on. */
  readonly kind: string;
  readonly value: string;
}

/** Reads `DNS:a.example, URI:"spiffe://a/b,c"`. Text that it cannot read to its end names nobody. */
export function parseAlternativeNames(text: string): readonly AlternativeName[] {
  const names: AlternativeName[] = [];
  ALTERNATIVE_NAME.lastIndex = 0;
  while (ALTERNATIVE_NAME.lastIndex < text.length) {
    const [, kind, value] = ALTERNATIVE_NAME.exec(text) ?? [];
    if (kind === undefined || value === undefined) return [];
    names.push({ kind, value: value.startsWith('"') ? JSON.parse(value) : value });
  }
  return names;
}
