/** At its full size. */
import './fit-conversation.property.test.ts';
