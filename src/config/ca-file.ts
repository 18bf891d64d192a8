import { X509Certificate } from 'node:crypto';
import type { Fail } from './secret-sources.ts';

const MARK = /-----(BEGIN|END) (?:TRUSTED )?CERTIFICATE-----/g;

/** The certificates of a PEM file. Undefined once `fail` was told what is wrong. */
export function certificates(text: string, fail: Fail): string | undefined {
  try {
    return parseCertificates(text);
  } catch (error) {
    return void fail(error instanceof Error ? error.message : String(error));
  }
}

/**
 * The certificates of a PEM file, and nothing else of it.
 *
 * @throws Error that says what is wrong with it
 */
export function parseCertificates(text: string): string {
  const found = certificatesIn(text);
  if (found.length === 0) throw new Error('the file holds no certificate in PEM');
  const bad = found.findIndex((pem) => !isCertificate(pem));
  if (bad !== -1) throw new Error(`the certificate ${bad + 1} of the file cannot be read`);
  return found.join('\n');
}

/** From each mark of a begin to the next of an end. One expression for both would look for an end anew at each begin. */
function certificatesIn(text: string): readonly string[] {
  const found: string[] = [];
  let begin: number | undefined;
  for (const { 0: mark, 1: kind, index } of text.matchAll(MARK)) {
    if (kind === 'BEGIN') begin ??= index;
    else if (begin !== undefined) {
      found.push(text.slice(begin, index + mark.length));
      begin = undefined;
    }
  }
  return found;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
