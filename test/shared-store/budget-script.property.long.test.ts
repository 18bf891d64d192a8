/** At its full size. */
import './budget-script.property.test.ts';
