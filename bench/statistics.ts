/** The value below which `share` of the values lie, 0 to 1; NaN of none. Sorts `values`. */
export function quantile(values: number[], share: number): number {
  values.sort((a, b) => a - b);
  const at = Math.min(values.length - 1, Math.floor(values.length * share));
  return values[at] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile([...values], 0.5);
}
