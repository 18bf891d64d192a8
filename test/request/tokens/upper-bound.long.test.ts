/** At its full size. */
import './upper-bound.test.ts';
