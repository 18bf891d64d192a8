import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';

/** TLS options by which the certificates are trusted beside the default roots; none: as it is. */
export function trusting(ca: string | undefined): { readonly secureContext?: SecureContext } {
  if (ca === undefined) return {};
  // Made once: to parse a hundred and more roots takes milliseconds.
  return { secureContext: createSecureContext({ ca: [...getCACertificates('default'), ca] }) };
}
