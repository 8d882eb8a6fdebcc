// SQL that takes the canonical text of an address (RFC 5952) apart into its bits, and writes the network that it is in.

/** The number of the IPv4 address in `text` (SQL), as UBIGINT; NULL where there is none. */
const quadSql = (text: string): string =>
  `(${[24, 16, 8, 0].map((shift, i) => `TRY_CAST(split_part(${text}, '.', ${i + 1}) AS UBIGINT) * ${2 ** shift}`).join(' + ')})`;

const groupsSql = (column: string, half: 1 | 2): string =>
  `list_filter(string_split(split_part(${column}, '::', ${half}), ':'), lambda g: g <> '')`;

/** Where IPv4-mapped addresses are written with a dotted quad (RFC 5952, section 5), what comes before it. */
const MAPPED = '::ffff:';
const MAPPED_HEX = 'ffff'.padStart(24, '0');

const isMappedSql = (column: string): string => `(${column} LIKE '${MAPPED}%.%')`;
const mappedQuadSql = (column: string): string => quadSql(`substr(${column}, ${MAPPED.length + 1})`);

/**
 * Two columns of the address in `column` (SQL): `v4`, the number of an IPv4 address, and `v6`, the 32 hexadecimal
 * digits of an IPv6 address, whose order is that of the addresses; NULL where it is of the other version.
 */
export function bitsSql(column: string): string {
  const [head, tail] = [groupsSql(column, 1), groupsSql(column, 2)];
  const zeros = `list_transform(range(8 - len(${head}) - len(${tail})), lambda i: '0')`;
  const groups = `list_transform(${head} || ${zeros} || ${tail}, lambda g: lpad(g, 4, '0'))`;
  return `CASE WHEN contains(${column}, ':') THEN NULL ELSE ${quadSql(column)} END AS v4,
         CASE WHEN NOT contains(${column}, ':') THEN NULL
              WHEN ${isMappedSql(column)} THEN '${MAPPED_HEX}' || format('{:08x}', ${mappedQuadSql(column)})
              ELSE array_to_string(${groups}, '') END AS v6`;
}

const quadText = (bits: string): string =>
  `format('{}.{}.{}.{}', ${[24, 16, 8, 0].map((shift) => `(${bits}) // ${2 ** shift} % 256`).join(', ')})`;

const maskedQuad = (bits: string, prefix: number): string => quadText(`${bits} & ${2 ** 32 - 2 ** (32 - prefix)}`);

/** The 32 digits of `v6` with those bits cleared that lie past the prefix. */
function maskedHex(prefix: number): string {
  const whole = Math.floor(prefix / 4);
  if (whole === 32) return 'v6';
  const mask = (0xf << (4 - (prefix % 4))) & 0xf;
  const masked = Array.from({ length: 16 }, (_, digit) => (digit & mask).toString(16)).join('');
  const digit = `translate(substr(v6, ${whole + 1}, 1), '0123456789abcdef', '${masked}')`;
  return `left(v6, ${whole}) || ${digit} || '${'0'.repeat(31 - whole)}'`;
}

/**
 * SQL for the canonical text of the network of `address` (SQL), of which `v4` and `v6` are the bits (`bitsSql`), all
 * columns of `rows`: a query of the columns `address` and `id`.
 */
export function networksSql(rows: string, prefixes: { readonly v4: number; readonly v6: number }): string {
  const groups = Array.from(
    { length: 8 },
    (_, i) => `':' || coalesce(nullif(ltrim(substr(hex, ${4 * i + 1}, 4), '0'), ''), '0')`,
  );
  // The first of the longest runs of two or more groups of zero is written `::`.
  const runs = [8, 7, 6, 5, 4, 3, 2].map((length) => `WHEN contains(text, '${':0'.repeat(length)}:') THEN ${length}`);
  const before = `left(text, position(repeat(':0', run) || ':' IN text) - 1)`;
  const after = `substr(text, position(repeat(':0', run) || ':' IN text) + 2 * run + 1)`;
  const compressed = `CASE WHEN run IS NULL THEN substr(text, 2, length(text) - 2)
              ELSE substr(${before}, 2) || '::' || rtrim(${after}, ':') END`;
  const mapped =
    prefixes.v6 < 96
      ? ''
      : `WHEN ${isMappedSql('address')} THEN '${MAPPED}' || ${maskedQuad(mappedQuadSql('address'), prefixes.v6 - 96)} `;
  return `SELECT address, CASE WHEN v4 IS NOT NULL THEN ${maskedQuad('v4', prefixes.v4)} || '/${prefixes.v4}'
         ELSE CASE ${mapped}WHEN text IS NOT NULL THEN ${compressed} END || '/${prefixes.v6}' END AS id
  FROM (SELECT *, CASE ${runs.join(' ')} END AS run
        FROM (SELECT *, ${groups.join(' || ')} || ':' AS text
              FROM (SELECT *, ${maskedHex(prefixes.v6)} AS hex FROM ${rows})))`;
}
