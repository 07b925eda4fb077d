/** The value below which `share` (0…1) of the sorted copy of `values` lies: the nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN;
}

/** The middle value. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** `1.234` → `1.23`, for a table. */
export function fixed(value: number, digits = 2): string {
  return value.toFixed(digits);
}

/** Bytes → `12.3 MB` (10⁶). */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
