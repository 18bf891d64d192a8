import { networkInterfaces } from 'node:os';
import { describe } from '@jest/globals';

/** Tests that need what not every machine has. Where it is missing they are left out, and the run says so. */
export function describeWhere(
  isThere: boolean,
  missing: string,
  what: string,
  tests: () => void,
): void {
  if (isThere) describe(what, tests);
  else describe.skip(`${what} (left out: ${missing})`, tests);
}

/** Tests that listen on ::1, which many containers do not have. */
export function describeWithIPv6(what: string, tests: () => void): void {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const isThere = addresses.some(({ address }) => address === '::1');
  describeWhere(isThere, 'there is no ::1', what, tests);
}
