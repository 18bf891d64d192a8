import { z } from 'zod';
import { DEFAULT_LISTEN, isAddress, isOfThisMachine } from './addresses.ts';
import { choice, filePath, flag, group, onceRight } from './fields.ts';
import { ADDRESS, LOCAL_ADDRESS, LOCAL_ADDRESSES, padded, whole } from './patterns.ts';

const FORM = 'host:port, [v6]:port or unix:/absolute/path (at most 107 bytes)';
const MUST = `must be ${FORM}, such as ${DEFAULT_LISTEN}`;
const OPEN =
  'must be of this machine (127.0.0.1, [::1], localhost or unix:), or be a group of keys of the configuration file with tls, or with insecure: true';
const OPEN_GROUP = 'must be of this machine, or there must be tls, or insecure: true';
const nameError = 'must be 1 to 512 visible ASCII characters';
const hostError = 'must be the name of a host';

const tls = group({
  certFile: filePath().describe(
    "Certificate chain, PEM, the server's own first. Read again when it changes, as all files here. No default.",
  ),
  keyFile: filePath().describe('Its private key, PEM. No default.'),
  clientCaFile: filePath()
    .exactOptional()
    .describe(
      'CAs, PEM, whose certificates callers have to show. No default; left out: they are asked for none.',
    ),
  clientCertificate: choice(
    'Whether callers may come without one where there is a clientCaFile; one that it does not vouch for then counts as none.',
    ['required', 'optional'],
    'required',
  ),
  clientNames: z
    .array(z.string(nameError).regex(/^[!-~]{1,512}$/, nameError), 'must be a list')
    .default([])
    .describe(
      'Patterns of DNS names and URIs, * any characters, one of which the certificate of a caller must have, such as spiffe://cluster.local/ns/shop/*; without any all come that clientCaFile vouches for; default [].',
    ),
  minVersion: choice('Lowest version of TLS.', ['1.2', '1.3'], '1.3'),
})
  .refine(
    ({ clientCaFile, clientNames }) => clientCaFile !== undefined || clientNames.length === 0,
    {
      path: ['clientNames'],
      error: 'needs clientCaFile',
      when: onceRight('clientCaFile', 'clientNames'),
    },
  )
  .meta({
    anyOf: [
      { type: 'object', required: ['clientCaFile'] },
      { type: 'object', properties: { clientNames: { type: 'array', maxItems: 0 } } },
    ],
  });

const listener = group({
  address: z
    .string(MUST)
    .refine(isAddress, MUST)
    .meta({ pattern: whole(ADDRESS) })
    .describe(`${FORM}. No default.`),
  tls: tls.exactOptional().describe('TLS, and who may come. No default; left out: none is spoken.'),
  insecure: flag(
    'Whether it may listen beyond this machine without TLS, or without knowing its callers.',
    false,
  ),
})
  .refine(
    ({ address, insecure, ...rest }) =>
      isOfThisMachine(address) || rest.tls !== undefined || insecure,
    { path: ['address'], error: OPEN_GROUP, when: onceRight('address', 'tls', 'insecure') },
  )
  .meta({
    anyOf: [
      {
        type: 'object',
        properties: { address: { type: 'string', pattern: whole(LOCAL_ADDRESS) } },
      },
      { type: 'object', required: ['tls'] },
      { type: 'object', required: ['insecure'], properties: { insecure: { const: true } } },
    ],
  });

/** A listener as it was written: the address alone, or with what goes with it. */
export type ListenerSettings = string | z.output<typeof listener>;

/** Where to listen: addresses in one comma-separated text, or a list of addresses and groups. */
export function listeners(meaning: string, fallback: string) {
  const error = `must be ${FORM}, or a list of these or of groups with address, tls and insecure`;
  return z
    .union(
      [
        z.string(error).meta({ pattern: whole(LOCAL_ADDRESSES) }),
        z
          .array(
            z.union(
              [z.string(error).meta({ pattern: whole(padded(LOCAL_ADDRESS)) }), listener],
              error,
            ),
            error,
          )
          .min(1, error),
      ],
      error,
    )
    .transform((value) => (typeof value === 'string' ? value.split(',') : value))
    .transform((all) => all.map((one) => (typeof one === 'string' ? one.trim() : one)))
    .superRefine((all, context) => {
      for (const [index, one] of all.entries()) {
        if (typeof one !== 'string' || isOfThisMachine(one)) continue;
        const which = all.length > 1 ? `address ${index + 1} ` : '';
        const message = isAddress(one) ? OPEN : MUST;
        context.addIssue({ code: 'custom', message: `${which}${message}` });
      }
    })
    .prefault(fallback)
    .describe(
      `${meaning} One or several of ${FORM}, comma-separated or as a list; beyond this machine a list of groups with address, and tls or insecure: true; default ${fallback}.`,
    );
}

/** Where to listen, at one address. */
export function oneListener(meaning: string, fallback: string) {
  const error = `must be ${FORM}, or a group of keys with address, tls and insecure`;
  return z
    .union(
      [
        z
          .string(error)
          .refine(isAddress, error)
          .refine((text) => isOfThisMachine(text) || !isAddress(text), OPEN)
          .meta({ pattern: whole(LOCAL_ADDRESS) }),
        listener,
      ],
      error,
    )
    .prefault(fallback)
    .describe(
      `${meaning} ${FORM}; beyond this machine a group with address, and tls or insecure: true; default ${fallback}.`,
    );
}

/** Where to listen, at one address, wherever that is. */
export function openAddress(meaning: string) {
  return z
    .string(MUST)
    .refine(isAddress, MUST)
    .meta({ pattern: whole(ADDRESS) })
    .exactOptional()
    .describe(`${meaning} ${FORM}. No default; left out: there is none.`);
}

export const adminSchema = group({
  hosts: z
    .array(
      z.string(hostError).regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/, hostError),
      'must be a list',
    )
    .default([])
    .describe(
      'Names, beside localhost and IP addresses, under which it may be asked: a page of a browser could give any other name its address; default [].',
    ),
  tokenFile: filePath()
    .exactOptional()
    .describe(
      'File with tokens, as those of callers have them, of which whoever asks must have one, as a bearer or as the password of any user. Read again when it changes. No default; left out: nobody is asked for one.',
    ),
});

/** What decides who can reach a listener, and whether it knows them. */
interface Doors {
  readonly listen: readonly ListenerSettings[];
  readonly adminListen: ListenerSettings;
  readonly admin: z.output<typeof adminSchema>;
  /** Those who are known by a token or a certificate. */
  readonly callers?: readonly unknown[];
}

/** Of listeners that others than this machine's can reach, those that do not know who comes. */
export function refuseOpenDoors(doors: Doors, context: z.core.$RefinementCtx): void {
  const refuse = (path: PropertyKey[], message: string) =>
    context.addIssue({ code: 'custom', path: [...path, 'tls'], message });
  for (const [index, one] of doors.listen.entries()) {
    if ((doors.callers ?? []).length > 0 || knowsCallers(one)) continue;
    refuse(
      ['listen', index],
      'must have a clientCaFile, or there must be callers, or insecure: true',
    );
  }
  if (doors.admin.tokenFile === undefined && !knowsCallers(doors.adminListen)) {
    refuse(
      ['adminListen'],
      'must have a clientCaFile, or there must be an admin.tokenFile, or insecure: true',
    );
  }
}

function knowsCallers(one: ListenerSettings): boolean {
  if (typeof one === 'string' || one.insecure || isOfThisMachine(one.address)) return true;
  return one.tls?.clientCaFile !== undefined && one.tls.clientCertificate === 'required';
}
