/** Nothing else happens in this process for so long: it computes. */
export function busy(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}
