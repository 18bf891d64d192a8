/** At its full size. */
import './recover.test.ts';
