/** At its full size. */
import './stage.property.test.ts';
