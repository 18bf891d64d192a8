/** At its full size. */
import './sums.test.ts';
