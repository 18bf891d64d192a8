import type { Fault } from '../support/fault.ts';

/** The same fault, met by the first request alone. */
export function once(fault: Fault, what: string): Fault {
  return { ...fault, what, times: 1 };
}
