/** At its full size. */
import './count-texts.test.ts';
