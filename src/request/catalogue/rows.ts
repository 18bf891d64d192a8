import { z } from 'zod';
import { explainIssues } from '../../config/problems.ts';
import { type Model, unknownModel } from '../../core/model.ts';
import { type CatalogueProblem, checkModel, namesOf, type ReportField } from './check.ts';
import { withFields } from './merge.ts';
import { type CatalogueData, type CatalogueRow, catalogueSchema } from './schema.ts';
import { inWords } from './words.ts';

/**
 * A catalogue that was refused as a whole: with every field that is malformed or, where none is, with
 * every contradiction.
 */
export class CatalogueError extends Error {
  readonly problems: readonly CatalogueProblem[];
  /** The same, each with the file. */
  readonly sentences: readonly string[];

  /** `source` is the file's path. */
  constructor(source: string, problems: readonly CatalogueProblem[]) {
    const told = problems.map(({ path, message }) =>
      path === '.' ? message : `${path} ${message}`,
    );
    super(`${source}: ${told.join(', ')}`);
    this.name = 'CatalogueError';
    this.problems = problems;
    this.sentences = told.map((one) => `${source}: ${one}`);
  }
}

/**
 * The models of `base` with the rows of a catalogue file laid over them: a row whose id is known
 * overrides the fields it names, another adds a model of which nothing else is known.
 *
 * @param source how errors name the file
 * @throws CatalogueError if one row is wrong, in itself or beside the others.
 */
export function applyCatalogue(
  data: unknown,
  base: readonly Model[],
  source: string,
): { readonly version: string; readonly models: readonly Model[] } {
  const { version, models: rows } = parse(data, source);
  const problems: CatalogueProblem[] = [];
  const models = new Map(base.map((model) => [model.id, model]));
  for (const row of rows) models.set(row.id, toModel(row, models.get(row.id)));
  checkRows(rows, models, problems);
  if (problems.length > 0) throw new CatalogueError(source, problems);
  return { version, models: [...models.values()] };
}

function parse(data: unknown, source: string): CatalogueData {
  const { data: parsed, error } = catalogueSchema.safeParse(data, { error: inWords });
  if (error === undefined) return parsed;
  throw new CatalogueError(
    source,
    explainIssues(error.issues, catalogueSchema).map(({ path, message }) => ({
      path: z.core.toDotPath(path) || '.',
      message,
    })),
  );
}

function toModel({ id, ...fields }: CatalogueRow, known = unknownModel(id)): Model {
  return withFields(known, fields);
}

/** Base rows are right among themselves, so whatever is wrong is told of a row of the file. */
function checkRows(
  rows: readonly CatalogueRow[],
  models: ReadonlyMap<string, Model>,
  problems: CatalogueProblem[],
): void {
  const given = new Set<string>();
  const owners = ownersOfBaseNames(rows, models);
  for (const [index, row] of rows.entries()) {
    const report: ReportField = (field, message) =>
      void problems.push({ path: `models[${index}].${field}`, message });
    const model = models.get(row.id);
    if (model === undefined || given.has(row.id)) {
      report('id', `is given twice: ${row.id}`);
      continue;
    }
    given.add(row.id);
    checkNames(model, owners, report);
    checkReferences(row, model, models, report);
    checkModel(model, report);
  }
}

/** What the names mean that no row of the file can change. */
function ownersOfBaseNames(
  rows: readonly CatalogueRow[],
  models: ReadonlyMap<string, Model>,
): Map<string, string> {
  const changed = new Set(rows.map(({ id }) => id));
  const others = [...models.values()].filter(({ id }) => !changed.has(id));
  return new Map(others.flatMap((model) => namesOf(model).map((name) => [name, model.id])));
}

function checkNames(model: Model, owners: Map<string, string>, report: ReportField): void {
  for (const name of namesOf(model)) {
    const owner = owners.get(name);
    if (owner !== undefined)
      report('id', `and its other names must be unique: ${name} means ${owner}`);
    owners.set(name, model.id);
  }
}

function checkReferences(
  row: CatalogueRow,
  model: Model,
  models: ReadonlyMap<string, Model>,
  report: ReportField,
): void {
  if (row.prices !== undefined && model.prices === undefined) {
    report('prices.standard', 'is required where other prices are given');
  }
  if (model.replacement !== undefined && !models.has(model.replacement)) {
    report('replacement', `must be the id of a model: ${model.replacement}`);
  }
}
