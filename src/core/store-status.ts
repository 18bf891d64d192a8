/** How a place is in which something is kept, for operators. */
export interface StoreStatus {
  /** Why it does not take what it is given, one sentence. Absent: it does. */
  readonly problem?: string;
  /** What is amiss although it takes what it is given, one sentence. Absent: nothing. */
  readonly warning?: string;
  /** Epoch ms since which it is so. */
  readonly since: number;
  /** Records that wait to be written. */
  readonly pending: number;
}
