import type {
  DatabaseSync,
  SQLInputValue,
  SQLOutputValue,
  StatementResultingChanges,
  StatementSync,
} from 'node:sqlite';

type Row = Record<string, SQLOutputValue>;

/** Statements that are prepared once. Whole numbers come as bigint, for money is larger than 2^53. */
export class Statements {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  run(sql: string, ...values: readonly SQLInputValue[]): StatementResultingChanges {
    return this.#prepare(sql).run(...values);
  }

  get(sql: string, ...values: readonly SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...values);
  }

  all(sql: string, ...values: readonly SQLInputValue[]): readonly Row[] {
    return this.#prepare(sql).all(...values);
  }

  iterate(sql: string, ...values: readonly SQLInputValue[]): Iterable<Row> {
    return this.#prepare(sql).iterate(...values);
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      statement.setReadBigInts(true);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }
}
