/** For how long an attempt may be silent before a second one is made beside it. */
export type HedgeAfter =
  /** No second attempt. */
  | 'off'
  /** Such a share of the attempts at the target has had its first output by then, 0.5 to 0.99. */
  | { readonly share: number }
  /** 1 or more. */
  | { readonly ms: number };

/** Where the second attempt is made: at the next route of the call, or once more at the same target. */
export type HedgeTo = 'chain' | 'same';

export interface HedgeRule {
  readonly after: HedgeAfter;
  readonly to: HedgeTo;
}

/** Where some models differ. */
export interface ModelHedge extends Partial<HedgeRule> {
  /** Of the model's id or of the name that is sent, with `*` and `?`. */
  readonly pattern: string;
}

export interface HedgeOptions extends HedgeRule {
  /** Second attempts per attempt that might have got one, over all calls. Above 0, at most 1. */
  readonly maxShare: number;
  /** The first whose pattern fits counts. */
  readonly models: readonly ModelHedge[];
}

export const DEFAULT_HEDGE: HedgeOptions = {
  after: 'off',
  to: 'chain',
  maxShare: 0.05,
  models: [],
};
