/** At its full size. */
import './book.property.test.ts';
