import { LIMITS } from './limits.ts';
import type { Row } from './row.ts';
import { SHARES } from './shares.ts';
import { TRAFFIC } from './traffic.ts';
import { TROUBLE } from './trouble.ts';

/** The loads of `npm run test:load` and `npm run bench:load`. */
export const ROWS: readonly Row[] = [...TROUBLE, ...LIMITS, ...SHARES, ...TRAFFIC];
