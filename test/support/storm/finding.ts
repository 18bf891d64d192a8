import { figure, table } from '../../../bench/table.ts';

const MIB = 1024 ** 2;

/** One line of the verdict. */
export interface Finding {
  readonly name: string;
  readonly value: number;
  /** Decimals to print. Default 0. */
  readonly digits?: number;
  /** What the value may be at most; undefined: told for information. */
  readonly atMost?: number;
  /** What it must be at least. */
  readonly atLeast?: number;
  /** Its bound is for a machine that does nothing else, and depends on how fast that is. */
  readonly timed?: true;
}

/** A count or a difference of what must not be. */
export function none(name: string, value: number): Finding {
  return { name, value, atMost: 0, atLeast: 0 };
}

/** Of memory between an early point and the end. */
export function growth(
  what: string,
  { early, end }: { readonly early: number; readonly end: number },
  atMost: number,
): Finding[] {
  return [
    { name: `${what}, early, MiB`, value: early / MIB, digits: 1 },
    { name: `${what}, growth to the end, MiB`, value: (end - early) / MIB, digits: 1, atMost },
  ];
}

export function holds({ value, atMost, atLeast }: Finding): boolean {
  return value <= (atMost ?? Number.POSITIVE_INFINITY) && value >= (atLeast ?? -Infinity);
}

/** Whether a storm has passed. `anyMachine`: bounds that depend on the machine's speed are only told. */
export function passes(findings: readonly Finding[], anyMachine: boolean): boolean {
  return findings.every((finding) => holds(finding) || (anyMachine && finding.timed));
}

export function render(findings: readonly Finding[]): string {
  return table<Finding>(
    [
      { title: 'finding', cell: ({ name }) => name },
      { title: 'value', cell: ({ value, digits = 0 }) => figure(value, digits) },
      { title: 'bound', cell: bound },
      { title: 'verdict', cell: (finding) => verdict(finding) },
    ],
    findings,
  );
}

function bound({ atMost, atLeast }: Finding): string {
  if (atMost !== undefined) return atMost === atLeast ? `${atMost}` : `<= ${atMost}`;
  return atLeast === undefined ? '' : `>= ${atLeast}`;
}

function verdict(finding: Finding): string {
  if (!holds(finding)) return finding.timed ? 'BROKEN (timed)' : 'BROKEN';
  return bound(finding) === '' ? '' : 'holds';
}
