import { type FieldViolation, ProviderError } from '../../provider/errors.ts';
import { nameOf } from './enums.ts';

/** The bad fields of one request, gathered so that the caller learns of all of them at once. */
export class Violations {
  readonly #violations: FieldViolation[] = [];

  /** Notes a bad field. Returns undefined: what a converter yields for a field it cannot convert. */
  add(field: string, description: string): undefined {
    this.#violations.push({ field, description });
  }

  throwIfAny(): void {
    if (this.#violations.length === 0) return;
    throw new ProviderError('INVALID_REQUEST', { fieldViolations: this.#violations });
  }
}

type EnumTable<Name extends string> = Readonly<Record<Name, number>>;

/** An enum field that must be set. */
export function requiredEnum<Name extends string>(
  table: EnumTable<Name>,
  value: number,
  field: string,
  violations: Violations,
): Name | undefined {
  if (value === 0) return violations.add(field, 'must be set');
  return optionalEnum(table, value, field, violations);
}

/** An enum field whose UNSPECIFIED means the default. */
export function optionalEnum<Name extends string>(
  table: EnumTable<Name>,
  value: number,
  field: string,
  violations: Violations,
): Name | undefined {
  if (value === 0) return undefined;
  return nameOf(table, value) ?? violations.add(field, `has the unknown value ${value}`);
}
