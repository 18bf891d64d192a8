import type { Fault } from '../support/fault.ts';
import { BREAKS } from './breaks.ts';
import { ODDITIES } from './oddities.ts';
import { REFUSALS } from './refusals.ts';

/** From refusals over broken streams to oddities that do no harm. */
export const FAULTS: readonly Fault[] = [...REFUSALS, ...BREAKS, ...ODDITIES];
