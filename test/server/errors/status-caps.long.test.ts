/** At its full size. */
import './status-caps.test.ts';
