/** At its full size. */
import './damaged.test.ts';
