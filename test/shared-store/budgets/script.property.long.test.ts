/** At its full size. */
import './script.property.test.ts';
