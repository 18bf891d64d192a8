/** At its full size. */
import './price.test.ts';
