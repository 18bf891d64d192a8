/** At its full size. */
import './schema-agreement.test.ts';
