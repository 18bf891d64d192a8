/** At its full size. */
import './pipeline.property.test.ts';
