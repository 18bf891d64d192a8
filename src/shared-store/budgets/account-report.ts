import { parseWhole } from '../../core/bigint.ts';
import type { SidecarIdentity } from '../redis/sidecar.ts';

/** What a sidecar says of one account. Micro-dollars, sums since the period began, without `base`. */
export interface AccountReport {
  readonly key: string;
  /** Of the account, rounded down. */
  readonly limit: bigint;
  /** Epoch ms; 0: never. */
  readonly expiresAt: number;
  /** Higher than in any report before. */
  readonly sequence: number;
  /** The server has had an entry of this sidecar: if there is none, it has lost its data. */
  readonly known: boolean;
  /** Spent under its name before it began to count, as far as it was told. */
  readonly base: bigint;
  /** Rounded up. */
  readonly spent: bigint;
  /** What it goes on to hold. The rest of its lease is given back. */
  readonly keep: bigint;
  /** What calls wait for; at least `keep`. */
  readonly need: bigint;
  /** What it would like to hold. */
  readonly wish: bigint;
  /** It was told that its name is taken, and wants it once the other is dead. */
  readonly claiming: boolean;
  /** It will not report again. */
  readonly closing: boolean;
}

/** What becomes of it. */
export type AccountAnswer =
  | GrantedAnswer
  /** Something that was sent later has arrived before. */
  | { readonly kind: 'outdated' }
  /** Another process has the name, which began later or is alive. */
  | { readonly kind: 'taken' };

/** Micro-dollars. */
export interface GrantedAnswer {
  readonly kind: 'granted';
  /** As the next report must state it. */
  readonly base: bigint;
  /** What it may spend in this period in all, `base` included. */
  readonly granted: bigint;
  /** Spent by others, and what the dead had leased. */
  readonly booked: bigint;
  /** Leased by others that are alive. */
  readonly held: bigint;
  /** Of the limit, neither spent nor leased. Below 0: it is exceeded. */
  readonly free: bigint;
  /** The largest lease that is fair as long as nobody needs it. */
  readonly fair: bigint;
  /** Somebody needs what this sidecar can spare. */
  readonly scarce: boolean;
  /** The server had lost its data, and grants nothing until all have reported again. */
  readonly waiting: boolean;
  /** This report is how that was found out. */
  readonly lost: boolean;
}

/** Arguments of the script before those of the accounts, and of each account. */
export const ARGS_BEFORE = 5;
export const ARGS_PER_ACCOUNT = 9;

export function argumentsOf(
  sidecar: SidecarIdentity,
  leaseMs: number,
  reports: readonly AccountReport[],
): readonly string[] {
  const { name, session, startedAt, recovers } = sidecar;
  return [name, session, startedAt, recovers ? 1 : 0, leaseMs, ...reports.flatMap(fieldsOf)].map(
    String,
  );
}

function fieldsOf(report: AccountReport) {
  const { limit, expiresAt, sequence, known, claiming, closing, base, spent, keep, need, wish } =
    report;
  const flags = Object.entries({ known, claiming, closing }).filter(([, isSet]) => isSet);
  return [limit, expiresAt, sequence, flags.map(([flag]) => flag), base, spent, keep, need, wish];
}

/**
 * @param reply of the script
 * @throws Error if it is none: by amounts below 0 more would be left than there is
 */
export function readAnswers(reply: unknown): readonly AccountAnswer[] {
  return (reply as readonly string[]).map(readAnswer);
}

/** As JSON: amounts are strings, as numbers would lose their last digits. */
type EncodedAnswer = Exclude<AccountAnswer, GrantedAnswer> | EncodedGrant;
type EncodedGrant = Omit<GrantedAnswer, Amount> & Readonly<Record<Amount, string>>;

type Amount = 'base' | 'granted' | 'booked' | 'held' | 'free' | 'fair';

const AMOUNT = /^\d{1,30}$/;
const BALANCE = /^-?\d{1,30}$/;

function isGranted({ base, granted, booked, held, free, fair, ...flags }: EncodedGrant): boolean {
  const amounts = [base, granted, booked, held, fair];
  const { scarce, waiting, lost } = flags;
  return (
    amounts.every((amount) => AMOUNT.test(amount)) &&
    BALANCE.test(free) &&
    [scarce, waiting, lost].every((flag) => typeof flag === 'boolean')
  );
}

function readAnswer(text: string): AccountAnswer {
  const answer = JSON.parse(text) as EncodedAnswer;
  if (answer.kind !== 'granted') return answer;
  if (!isGranted(answer)) throw new Error('The shared store answers what is no lease.');
  const { base, granted, booked, held, free, fair } = answer;
  return {
    ...answer,
    base: parseWhole(base),
    granted: parseWhole(granted),
    booked: parseWhole(booked),
    held: parseWhole(held),
    free: parseWhole(free),
    fair: parseWhole(fair),
  };
}
