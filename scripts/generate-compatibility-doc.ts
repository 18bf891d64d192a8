/** Writes the table of cases in docs/compatibility.md. Run it after a change of a case file. */
import { readFileSync, writeFileSync } from 'node:fs';
import { withCases } from './compatibility-doc.ts';

const page = new URL('../docs/compatibility.md', import.meta.url);
writeFileSync(page, withCases(readFileSync(page, 'utf8')));
