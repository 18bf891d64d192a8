/** At its full size. */
import './differential.test.ts';
