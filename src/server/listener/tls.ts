import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContextOptions, type TLSSocket } from 'node:tls';
import type { Clock } from '../../core/clock.ts';
import { LiveFiles } from '../../core/live-files.ts';
import { patternMatcher } from '../../core/name-pattern.ts';
import { type PeerCertificate, readCertificate } from './peer-certificate.ts';

/** How a listener is encrypted, and who may come. */
export interface TlsOptions {
  /** Certificate chain, PEM, the server's own first. */
  readonly certFile: string;
  /** Its private key, PEM. */
  readonly keyFile: string;
  /** CAs, PEM, whose certificates callers show. Left out: callers are asked for none. */
  readonly clientCaFile?: string;
  /** Whether a caller may come without a certificate. Matters with `clientCaFile` alone. */
  readonly clientCertificate: 'required' | 'optional';
  /** Patterns of DNS names and URIs, `*` any characters, of which a caller's has one. None: any may come. */
  readonly clientNames: readonly string[];
  readonly minVersion: '1.2' | '1.3';
}

export interface TlsDeps {
  readonly clock: Clock;
  readonly log: TlsLog;
}

export type TlsLog = Readonly<Record<'info' | 'warn', (fields: object, message: string) => void>>;

/** The part of a TLS server that takes a new certificate. */
export interface CertificateHolder {
  setSecureContext(context: SecureContextOptions): void;
}

/** Certificate, key and CAs as they are in their files now. */
export class LiveTls {
  readonly #options: TlsOptions;
  readonly #files: LiveFiles;
  readonly #log: TlsLog;
  readonly #holders = new Set<CertificateHolder>();
  #context: SecureContextOptions = {};

  constructor(options: TlsOptions, { clock, log }: TlsDeps) {
    const { certFile, keyFile, clientCaFile } = options;
    this.#options = options;
    this.#log = log;
    const paths = [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])];
    this.#files = new LiveFiles(paths, {
      clock,
      take: (contents) => this.#take(contents),
      onError: (err) =>
        log.warn({ err, cert_file: certFile }, 'the certificate is kept: its files are wrong'),
    });
  }

  /** Reads the files. @throws Error if they do not hold what they should */
  start(): Promise<void> {
    return this.#files.start();
  }

  /** For the making of a TLS server, which then is to be handed to `keep`. */
  serverOptions(protocols: readonly string[]) {
    const { clientCaFile, clientCertificate } = this.#options;
    return {
      ...this.#context,
      ALPNProtocols: [...protocols],
      requestCert: clientCaFile !== undefined,
      rejectUnauthorized: clientCaFile !== undefined && clientCertificate === 'required',
    };
  }

  /** Has a server use what the files hold, now and later. Connections that stand are left alone. */
  keep(holder: CertificateHolder): void {
    this.#holders.add(holder);
  }

  /** Whether the caller's names let it in; true of one without a certificate, if it may come so. */
  allows(socket: TLSSocket): boolean {
    const { clientNames } = this.#options;
    const certificate = readCertificate(socket);
    if (clientNames.length === 0 || certificate === undefined) return true;
    return namesOf(certificate).some((name) =>
      clientNames.some((pattern) => patternMatcher(pattern)(name)),
    );
  }

  stop(): void {
    this.#files.stop();
  }

  #take(contents: readonly string[]): void {
    // Before anything is changed.
    const context = secureContextOf(this.#options, contents);
    const { validTo } = new X509Certificate(contents[0] ?? '');
    this.#context = context;
    for (const holder of this.#holders) holder.setSecureContext(context);
    const { certFile } = this.#options;
    const expires = new Date(validTo);
    const fields = { certFile, expires: expires.toISOString() };
    if (expires.getTime() < Date.now()) this.#log.warn(fields, 'the certificate has expired');
    else this.#log.info(fields, 'certificate read');
  }
}

/**
 * What a server is made with. Of a file that is being written nothing may be there yet: without a certificate nobody gets
 * in, and without a CA all that is publicly trusted would.
 *
 * @param contents of certificate, key and CAs, if they are named
 * @throws Error that names the file which does not hold what it should
 */
export function secureContextOf(
  { certFile, keyFile, clientCaFile = '', minVersion }: TlsOptions,
  [cert = '', key = '', ca]: readonly string[],
): SecureContextOptions {
  const context: SecureContextOptions = {
    cert,
    key,
    ...(ca === undefined ? {} : { ca }),
    minVersion: `TLSv${minVersion}`,
    // A session that is resumed would not show its certificate again, which may be trusted no more.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
  held(`${keyFile} holds no private key in PEM that can be read`, () => createPrivateKey(key));
  held(`${certFile} holds no certificate in PEM`, () => new X509Certificate(cert));
  if (ca !== undefined)
    held(`${clientCaFile} holds no certificate in PEM`, () => new X509Certificate(ca));
  held(`${certFile} and ${keyFile} do not belong together`, () => createSecureContext(context));
  return context;
}

function held(otherwise: string, read: () => unknown): void {
  try {
    read();
  } catch (cause) {
    const words = cause instanceof Error ? ` (${cause.message})` : '';
    throw new Error(`${otherwise}${words}`, { cause });
  }
}

/** The connection that TLS runs over. Node.js does not tell of it; a test holds to that it is there. */
export function underlying(socket: TLSSocket): Socket | undefined {
  return Reflect.get(socket, '_parent');
}

function namesOf({ dnsNames, uris }: PeerCertificate): readonly string[] {
  return [...dnsNames, ...uris];
}
