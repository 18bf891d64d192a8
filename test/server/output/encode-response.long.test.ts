/** At its full size. */
import './encode-response.test.ts';
