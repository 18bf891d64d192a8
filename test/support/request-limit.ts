/** A bucket of so many requests a second. */
export function requestLimit(perSecond: number): (now: number) => boolean {
  let level = perSecond;
  let last = 0;
  return (now) => {
    level = Math.min(perSecond, level + ((now - last) / 1_000) * perSecond);
    last = now;
    if (level < 1) return true;
    level -= 1;
    return false;
  };
}
