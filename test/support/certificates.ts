import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A certificate with its key, PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateFields {
  readonly commonName: string;
  readonly dns?: readonly string[];
  readonly ips?: readonly string[];
  readonly uris?: readonly string[];
  /** Default: an hour ago. */
  readonly notBefore?: Date;
  /** Default: in a day. */
  readonly notAfter?: Date;
}

const HOUR_MS = 3_600_000;

/** Issues certificates for tests, of keys on the curve P-256. */
export class Authority {
  readonly #name: Buffer;
  readonly #key: KeyObject;
  /** Its own certificate, PEM. */
  readonly cert: string;

  /** @param by who vouches for it; absent: itself */
  constructor(commonName = 'Test CA', by?: Authority) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#name = distinguishedName(commonName);
    this.#key = privateKey;
    const isAuthority = extension('551d13', true, sequence(tagged(0x01, Buffer.from([0xff]))));
    // To sign certificates.
    const usage = extension('551d0f', true, tagged(0x03, Buffer.from([0x02, 0x04])));
    const extensions = [isAuthority, usage];
    this.cert = (by ?? this).#issue(this.#name, publicKey, { commonName }, extensions);
  }

  issue(fields: CertificateFields): Certificate {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { dns = [], ips = [], uris = [] } = fields;
    const names = [
      ...dns.map((name) => tagged(0x82, Buffer.from(name))),
      ...uris.map((uri) => tagged(0x86, Buffer.from(uri))),
      ...ips.map((ip) => tagged(0x87, Buffer.from(ip.split('.').map(Number)))),
    ];
    const extensions = names.length === 0 ? [] : [extension('551d11', false, sequence(...names))];
    const subject = distinguishedName(fields.commonName);
    return {
      cert: this.#issue(subject, publicKey, fields, extensions),
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
  }

  #issue(
    subject: Buffer,
    publicKey: KeyObject,
    { notBefore, notAfter }: CertificateFields,
    extensions: readonly Buffer[],
  ): string {
    const now = Date.now();
    const validity = sequence(
      time(notBefore ?? new Date(now - HOUR_MS)),
      time(notAfter ?? new Date(now + 24 * HOUR_MS)),
    );
    const content = sequence(
      tagged(0xa0, tagged(0x02, Buffer.from([2]))),
      tagged(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
      ECDSA_WITH_SHA256,
      this.#name,
      validity,
      subject,
      publicKey.export({ type: 'spki', format: 'der' }),
      ...(extensions.length === 0 ? [] : [tagged(0xa3, sequence(...extensions))]),
    );
    const signature = sign('sha256', content, this.#key);
    const bits = tagged(0x03, Buffer.concat([Buffer.from([0]), signature]));
    const der = sequence(content, ECDSA_WITH_SHA256, bits).toString('base64');
    const lines = der.match(/.{1,64}/g) ?? [];
    return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
  }
}

const ECDSA_WITH_SHA256 = sequence(tagged(0x06, Buffer.from('2a8648ce3d040302', 'hex')));

function distinguishedName(commonName: string): Buffer {
  const type = tagged(0x06, Buffer.from('550403', 'hex'));
  return sequence(tagged(0x31, sequence(type, tagged(0x0c, Buffer.from(commonName)))));
}

function extension(oid: string, critical: boolean, value: Buffer): Buffer {
  const flag = critical ? [tagged(0x01, Buffer.from([0xff]))] : [];
  return sequence(tagged(0x06, Buffer.from(oid, 'hex')), ...flag, tagged(0x04, value));
}

function time(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return tagged(0x17, Buffer.from(digits.slice(2)));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}
