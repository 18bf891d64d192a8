import { holdsSecret } from './telemetry/secrets.ts';

/** Names under which people keep secrets in variables. */
const SECRET_NAME = /(key|token|secret|passw|credential|auth|headers|cookie|redis_url|dsn)/i;

/**
 * Takes the variables that hold secrets out of the environment of this process, once all that needs
 * them has been read: those by whose names one can tell, and those with one of the secrets in them that
 * are hidden by now, whatever they are called. What comes later, such as a diagnostic report or a
 * program that is started, finds none. (What Linux shows in /proc/PID/environ stays as it was at the
 * start.)
 */
export function forgetSecrets(environment: Record<string, string | undefined>): void {
  for (const [name, value = ''] of Object.entries(environment)) {
    if (SECRET_NAME.test(name) || holdsSecret(value)) delete environment[name];
  }
}
