import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChannelCredentials, credentials } from '@grpc/grpc-js';
import type { TlsOptions } from '../../src/server/listener/tls.ts';
import type { Authority, Certificate } from './certificates.ts';

/** The files of a listener's TLS, in a folder of their own. */
export class TlsFolder {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tls-'));

  write(name: string, text: string): string {
    const path = join(this.#folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** Puts a certificate and its key where `options` says that they are. */
  put({ cert, key }: Certificate): void {
    this.write('tls.crt', cert);
    this.write('tls.key', key);
  }

  /** Options of a listener with the certificate that was put there. */
  options(fields: Partial<TlsOptions> = {}): TlsOptions {
    return {
      certFile: join(this.#folder, 'tls.crt'),
      keyFile: join(this.#folder, 'tls.key'),
      clientCertificate: 'required',
      clientNames: [],
      minVersion: '1.3',
      ...fields,
    };
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A client of grpc-js takes no name from an IP address, nor checks one. Each has a connection of its own. */
export const TLS_CHANNEL = {
  'grpc.ssl_target_name_override': 'localhost',
  'grpc.use_local_subchannel_pool': 1,
};

/** What a client trusts, and shows. */
export function clientSecurity(server: Authority, client?: Certificate): ChannelCredentials {
  const [key, cert] =
    client === undefined ? [] : [client.key, client.cert].map((t) => Buffer.from(t));
  return credentials.createSsl(Buffer.from(server.cert), key, cert);
}
