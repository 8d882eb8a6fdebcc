// Turns DuckDB's chunks into query values and query parameters into DuckDB's: integers exact, times as Unix ms.
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBDataChunk,
  DuckDBListValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
  HUGEINT,
  SQLNULL,
  VARCHAR,
} from '@duckdb/node-api';
import type { QueryColumnType, QueryParameter, QueryValue } from '../../../../schemas/query.ts';

const COLUMN_TYPES: ReadonlyMap<DuckDBTypeId, QueryColumnType> = new Map([
  [DuckDBTypeId.TIMESTAMP_TZ, 'timestamp'],
  [DuckDBTypeId.TIMESTAMP, 'timestamp'],
  [DuckDBTypeId.TIMESTAMP_MS, 'timestamp'],
  [DuckDBTypeId.VARCHAR, 'string'],
  [DuckDBTypeId.SQLNULL, 'string'],
  [DuckDBTypeId.TINYINT, 'integer'],
  [DuckDBTypeId.SMALLINT, 'integer'],
  [DuckDBTypeId.INTEGER, 'integer'],
  [DuckDBTypeId.BIGINT, 'integer'],
  [DuckDBTypeId.HUGEINT, 'integer'],
  [DuckDBTypeId.UTINYINT, 'integer'],
  [DuckDBTypeId.USMALLINT, 'integer'],
  [DuckDBTypeId.UINTEGER, 'integer'],
  [DuckDBTypeId.UBIGINT, 'integer'],
  [DuckDBTypeId.UHUGEINT, 'integer'],
  [DuckDBTypeId.FLOAT, 'double'],
  [DuckDBTypeId.DOUBLE, 'double'],
  [DuckDBTypeId.BOOLEAN, 'boolean'],
  [DuckDBTypeId.LIST, 'list'],
]);

/** The query type of a DuckDB type, or null where a query has to cast first (decimals, structs, dates …). */
export const columnType = (type: DuckDBType): QueryColumnType | null => COLUMN_TYPES.get(type.typeId) ?? null;

const INT64_MAX = 2n ** 63n - 1n;

/** A parameter and the DuckDB type that it binds as; integers bind as BIGINT so that file statistics still apply. */
export function boundParameter(value: QueryParameter): { readonly value: DuckDBValue; readonly type: DuckDBType } {
  if (value === null) return { value, type: SQLNULL };
  if (typeof value === 'string') return { value, type: VARCHAR };
  if (typeof value === 'boolean') return { value, type: BOOLEAN };
  if (typeof value === 'bigint') return { value, type: value > INT64_MAX || value < -INT64_MAX ? HUGEINT : BIGINT };
  return Number.isSafeInteger(value) ? { value: BigInt(value), type: BIGINT } : { value, type: DOUBLE };
}

/** The rows of one chunk. */
export function chunkRows(chunk: DuckDBDataChunk): QueryValue[][] {
  const rows: QueryValue[][] = Array.from({ length: chunk.rowCount }, () => new Array(chunk.columnCount));
  for (let column = 0; column < chunk.columnCount; column++) {
    const values = chunk.getColumnValues(column);
    for (let row = 0; row < values.length; row++) rows[row][column] = queryValue(values[row]);
  }
  return rows;
}

function queryValue(value: DuckDBValue): QueryValue {
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof DuckDBTimestampTZValue || value instanceof DuckDBTimestampValue) {
    return Number(value.micros / 1000n);
  }
  if (value instanceof DuckDBTimestampMillisecondsValue) return Number(value.millis);
  if (value instanceof DuckDBListValue) return value.items.map(queryValue);
  throw new TypeError(`a ${value.constructor.name} has no query value`);
}
