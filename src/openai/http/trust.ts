import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { LiveFiles, type LiveFilesDeps } from '../../core/live-files.ts';
import type { ProviderLog } from '../../core/provider-log.ts';

/** Certificates that are trusted beside the default roots. */
export interface TrustedCertificates {
  /** In PEM. */
  readonly pem: string;
  /** Where they stand: read again every few seconds. Default: nowhere, they stay as they are. */
  readonly file?: string;
  /** Takes the certificates out of what the file holds, and throws if there are none. Default: all of it. */
  readonly parse?: (text: string) => string;
}

/** TLS options by which the certificates are trusted beside the default roots; none: as it is. */
export function trusting(pem: string | undefined): { readonly secureContext?: SecureContext } {
  if (pem === undefined) return {};
  // Made once: to parse a hundred and more roots takes milliseconds.
  return { secureContext: createSecureContext({ ca: [...getCACertificates('default'), pem] }) };
}

export interface TrustDeps extends Pick<LiveFilesDeps, 'clock'> {
  readonly log: ProviderLog;
  /** Takes certificates in PEM, in place of those before. */
  readonly trust: (pem: string) => void;
}

/** Reads certificates again when their file changes. Returns what ends that. */
export function followTrust(
  ca: TrustedCertificates | undefined,
  { clock, log, trust }: TrustDeps,
): () => void {
  const { pem, file, parse = (text: string) => text } = ca ?? {};
  if (file === undefined) return () => undefined;
  let current = pem;
  const files = new LiveFiles([file], {
    clock,
    take: ([text = '']) => {
      const next = parse(text);
      if (next === current) return;
      trust(next);
      current = next;
      log.info({ file }, 'trusted certificates were read again from their file');
    },
    onError: (err) => log.warn({ err, file }, 'the trusted certificates stay: their file is wrong'),
  });
  files.follow();
  return () => files.stop();
}
