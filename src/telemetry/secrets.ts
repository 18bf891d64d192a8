/**
 * Secrets of this process, which must stand in no log line and no error: upstreams echo what they
 * were sent. Known by value, since keys of compatible servers look like anything; those of OpenAI and of
 * well-known services also by their form, in case it is somebody else's that comes back.
 */
const known = new Set<string>();

const REDACTED = '[redacted]';
const BY_FORM =
  /sk-[A-Za-z0-9_-]{8,}|\bBearer\s+\S+|\b(?:gsk|hf|r8|tgp|ghp|csk|xai|pplx|nvapi)[_-][A-Za-z0-9_-]{20,}|\bAIza[A-Za-z0-9_-]{20,}/gi;
/** A shorter one would blot out ordinary words. */
const MIN_LENGTH = 6;

/** Hides `secret` from now on, for as long as the process lives. */
export function hideSecret(secret: string): void {
  if (secret.length >= MIN_LENGTH) known.add(secret);
}

export function holdsSecret(text: string): boolean {
  if (text.search(BY_FORM) !== -1) return true;
  for (const secret of known) if (text.includes(secret)) return true;
  return false;
}

export function withoutSecrets(text: string): string {
  let clean = text.replace(BY_FORM, REDACTED);
  for (const secret of known) clean = clean.replaceAll(secret, REDACTED);
  return clean;
}
