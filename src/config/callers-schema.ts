import { z } from 'zod';
import { filePath, group, label, onceRight } from './fields.ts';
import { period } from './money-schema.ts';
import { dollars, wholeNumber } from './quantities.ts';
import { isMapping } from './values.ts';

/** What a caller may be allowed; see the table of rights in docs/callers.md. */
export const RIGHTS = ['messages', 'batches', 'usage', 'admin', 'reflection'] as const;

/** With a public key: whoever can verify such a token cannot make one. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

const patternError = 'must be 1 to 512 visible ASCII characters';
const ownerError =
  'must be any, or a text of 1 to 256 characters without *, ? and control characters';
const rightError = `must be one of ${RIGHTS.join(', ')}`;
const whoError = 'must have one of tokenFile, san and subject, and no more';

function pattern(meaning: string) {
  return z
    .string(patternError)
    .regex(/^[!-~]{1,512}$/, patternError)
    .exactOptional()
    .describe(`${meaning} * is any run of characters but / and :. No default.`);
}

function owner(meaning: string) {
  return z
    .string(ownerError)
    .regex(/^[^\p{Cc}*?]{1,256}$/u, ownerError)
    .default('any')
    .describe(`${meaning} Calls that name another are refused; default any.`);
}

function optionalCount(meaning: string, max: number) {
  return wholeNumber(meaning, { min: 1, max, default: 1 })
    .unwrap()
    .exactOptional()
    .describe(`${meaning} 1 to ${max}. No default; left out: not limited.`);
}

const caller = group({
  name: label().describe('Name in the log and in refusals; unique. No default.'),
  tokenFile: filePath()
    .exactOptional()
    .describe(
      'File with its tokens, one a line, as sha256: and 64 hexadecimal digits, or as they are. Read again when it changes. No default.',
    ),
  san: pattern('DNS name or URI in its certificate, such as spiffe://cluster.local/ns/shop/sa/*.'),
  subject: pattern('Subject of its JWTs, such as system:serviceaccount:shop:*.'),
  projectId: owner('The project that it acts for.'),
  userId: owner('The user that it acts for.'),
  rights: z
    .array(z.enum(RIGHTS, rightError), 'must be a list')
    .default(['messages'])
    .describe(`What it may do. A list of ${RIGHTS.join(', ')}; default messages.`),
  limits: group({
    concurrent: optionalCount('Its calls that take messages or batches, at once.', 100_000),
    requestsPerMinute: optionalCount('How many of these may begin within a minute.', 1_000_000),
    budget: group({
      limit: dollars().describe('US dollars. No default.'),
      period: period(),
    })
      .exactOptional()
      .describe('What calls for its projectId, or without one for its userId, may cost.'),
  })
    .prefault({})
    .describe('How much it may ask for.'),
})
  .refine(
    ({ tokenFile, san, subject }) =>
      [tokenFile, san, subject].filter((way) => way !== undefined).length === 1,
    { error: whoError, when: onceRight('tokenFile', 'san', 'subject') },
  )
  .refine(
    ({ limits, projectId, userId }) =>
      limits.budget === undefined || projectId !== 'any' || userId !== 'any',
    {
      path: ['limits', 'budget'],
      error: 'needs a projectId or a userId that is not any',
      when: onceRight('limits', 'projectId', 'userId'),
    },
  )
  .meta({
    oneOf: [{ required: ['tokenFile'] }, { required: ['san'] }, { required: ['subject'] }],
    if: { properties: { limits: { type: 'object', required: ['budget'] } }, required: ['limits'] },
    // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema; nobody awaits this.
    then: {
      anyOf: [bound('projectId'), bound('userId')],
    },
  });

function bound(key: string) {
  return { type: 'object', required: [key], properties: { [key]: { not: { const: 'any' } } } };
}

export const callersSchema = z
  .array(caller, 'must be a list')
  .superRefine(refuseDoubles, {
    when: ({ issues }) => issues.every(({ path = [] }) => path.length > 0),
  })
  .prefault([])
  .describe('Who may call. With none nobody is asked who they are; default [].');

function refuseDoubles(callers: readonly unknown[], context: z.core.$RefinementCtx): void {
  const names = callers.map((one) => (isMapping(one) ? one.name : undefined));
  for (const [index, name] of names.entries()) {
    const first = names.indexOf(name);
    if (typeof name !== 'string' || first === index) continue;
    const message = `must differ from that of callers[${first}]`;
    context.addIssue({ code: 'custom', path: [index, 'name'], message });
  }
}

const URL_ERROR = 'must be an https URL without credentials and fragment';
const HTTPS_URL = /^https:\/\/[^\s/?#@]+(\/[^\s#]*)?$/;
const textError = 'must be 1 to 512 visible ASCII characters';
const algorithmError = `must be one of ${ALGORITHMS.join(', ')}`;
const algorithmsError = 'must be a list of at least one algorithm';
const jwksError = 'must have one of jwksFile and jwksUrl, and no more';

const text = (meaning: string) =>
  z
    .string(textError)
    .regex(/^[!-~]{1,512}$/, textError)
    .describe(meaning);

export const callerJwtSchema = group({
  issuer: text('Issuer of the tokens, as in their iss. No default.'),
  audience: text('Who they must be for, as in their aud. No default.'),
  algorithms: z
    .array(z.enum(ALGORITHMS, algorithmError), algorithmsError)
    .min(1, algorithmsError)
    .default(['RS256', 'ES256'])
    .describe(
      `With which they may be signed. A list of ${ALGORITHMS.join(', ')}; default RS256, ES256.`,
    ),
  jwksFile: filePath()
    .exactOptional()
    .describe(
      "File with the issuer's public keys, a JWKS. Read again when it changes. No default.",
    ),
  jwksUrl: z
    .string(URL_ERROR)
    .regex(HTTPS_URL, URL_ERROR)
    .exactOptional()
    .describe(
      'Where they are fetched, every 5 minutes and for a key that is not known. An https URL. No default.',
    ),
  caFile: filePath()
    .exactOptional()
    .describe('Of the CA of the server of jwksUrl, PEM. No default; left out: well-known CAs.'),
  jwksTokenFile: filePath()
    .exactOptional()
    .describe('File with a bearer token for jwksUrl. No default.'),
})
  .refine(({ jwksFile, jwksUrl }) => (jwksFile === undefined) !== (jwksUrl === undefined), {
    error: jwksError,
    when: onceRight('jwksFile', 'jwksUrl'),
  })
  .meta({ oneOf: [{ required: ['jwksFile'] }, { required: ['jwksUrl'] }] });
