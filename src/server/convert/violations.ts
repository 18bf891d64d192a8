import { type FieldViolation, ProviderError } from '../../core/errors.ts';
import { nameOf } from './enums.ts';

/** More than anybody reads; a request may have a bad field in every two bytes. */
const MAX_VIOLATIONS = 100;

/**
 * The fields of one request that the domain's types cannot express. They are handed to the provider,
 * which refuses them together with whatever else is wrong: the caller learns of everything at once.
 */
export class WireViolations {
  readonly #violations: FieldViolation[] = [];
  #more = 0;

  get found(): readonly FieldViolation[] {
    return this.#violations;
  }

  /** Notes a bad field. Returns undefined: what a converter yields for a field it cannot convert. */
  add(field: string, description: string): undefined {
    if (this.#violations.length < MAX_VIOLATIONS) this.#violations.push({ field, description });
    else this.#more += 1;
  }

  /** @throws ProviderError with the first of them if there are more than anybody reads */
  throwIfTooMany(): void {
    if (this.#more === 0) return;
    throw new ProviderError('INVALID_REQUEST', {
      fieldViolations: this.#violations,
      moreViolations: this.#more,
    });
  }
}

type EnumTable<Name extends string> = Readonly<Record<Name, number>>;

/** An enum field that must be set. */
export function requiredEnum<Name extends string>(
  table: EnumTable<Name>,
  value: number,
  field: string,
  violations: WireViolations,
): Name | undefined {
  if (value === 0) return violations.add(field, 'must be set');
  return optionalEnum(table, value, field, violations);
}

/** An enum field whose UNSPECIFIED means the default. */
export function optionalEnum<Name extends string>(
  table: EnumTable<Name>,
  value: number,
  field: string,
  violations: WireViolations,
): Name | undefined {
  if (value === 0) return undefined;
  return nameOf(table, value) ?? violations.add(field, `has the unknown value ${value}`);
}
