/** At its full size. */
import './storm.test.ts';
