/** Writes docs/2-3-openai-provider-implementation.context.xml, the last of what `npm run generate` writes. */
import { writeFileSync } from 'node:fs';
import { contextXml } from './context-xml.ts';

writeFileSync(
  new URL('../docs/2-3-openai-provider-implementation.context.xml', import.meta.url),
  await contextXml(),
);
