// Rewrites the generated parts of README.md (commands, options, columns, metrics, errors) from the tables that the program itself uses.
import { readFileSync, writeFileSync } from 'node:fs';
import { COMMANDS } from '../consumers/commands.ts';
import { describeType } from '../consumers/shared/kcl/properties.ts';
import { DAEMON_PROPERTIES } from '../consumers/shared/kcl/property-table.ts';
import { METRIC_KEYS } from '../consumers/shared/metrics/metric-kinds.ts';
import { statsdName } from '../consumers/shared/metrics/statsd-packets.ts';
import { companionName, environmentName, OPTIONS, type OptionKey } from '../consumers/shared/options.ts';
import { DIGEST_COLUMNS } from '../schemas/columns.ts';
import { ERRORS } from '../schemas/errors.ts';
import { FIELDS } from '../schemas/fields.ts';
import { METRICS } from '../schemas/metrics.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');
const code = (text: string): string => (text === '' ? '' : `\`${cell(text)}\``);

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

const commandTable = (): string =>
  table(
    ['command', 'what it does'],
    COMMANDS.map(({ name, operand, summary }) => {
      const rest = operand?.rest === undefined ? '' : ` [${operand.rest.name}...]`;
      const operands = operand === undefined ? '' : ` ${operand.name}${operand.many ? '...' : ''}${rest}`;
      return [code(`vpcflow ${name}${operands}`), cell(summary)];
    }),
  );

const optionTable = (): string => {
  const takers = (key: OptionKey): string =>
    COMMANDS.filter((command) => command.options.includes(key))
      .map(({ name, required, onlyWith = [] }) => {
        const operand = onlyWith.find((only) => 'operand' in only && only.options.includes(key));
        const taker = operand === undefined ? name : companionName(name, operand);
        return required.includes(key) ? `**${taker}**` : taker;
      })
      .join(', ');
  const keys = Object.keys(OPTIONS).filter((key): key is OptionKey => key in OPTIONS);
  return table(
    ['option', 'environment', 'default', 'bounds', 'meaning', 'commands (bold: required)'],
    keys
      .filter((key) => takers(key) !== '')
      .map((key) => {
        const { name, metavar, defaultText, bounds, help } = OPTIONS[key];
        const typed = `--${name}${metavar === null ? '' : ` ${metavar}`}`;
        return [code(typed), code(environmentName(name)), code(defaultText), cell(bounds), cell(help), takers(key)];
      }),
  );
};

const errorTable = (): string =>
  table(
    ['code', 'HTTP', 'again?', 'what to do'],
    Object.entries(ERRORS).map(([name, { status, retry, help }]) => [
      code(name),
      String(status),
      retry ? 'yes' : 'no',
      cell(help),
    ]),
  );

/** What the columns are that no field gives. */
const OWN_COLUMNS: Readonly<Record<string, string>> = {
  minute: '`start` truncated to the minute, UTC',
  flows: 'how many flow-log records were merged',
};

const columnTable = (): string =>
  table(
    ['column', 'type', 'role', 'since version', 'meaning'],
    DIGEST_COLUMNS.map(({ name, type, role }) => {
      const field = FIELDS.find((candidate) => candidate.column === name);
      return [code(name), type, role, String(field?.since ?? ''), field?.about ?? OWN_COLUMNS[name] ?? ''].map(cell);
    }),
  );

const metricTable = (): string =>
  table(
    ['Prometheus', 'StatsD', 'kind', 'labels', 'meaning'],
    METRIC_KEYS.map((key) => {
      const { name, kind, labels, help } = METRICS[key];
      return [code(name), code(statsdName(key)), kind, labels.map(code).join(', '), cell(help)];
    }),
  );

const propertyTable = (): string =>
  table(
    ['property', 'default', 'the library’s own', 'may be', 'meaning'],
    DAEMON_PROPERTIES.map(({ name, type, libraryDefault, ourDefault, retrieval, help }) => [
      code(name),
      code(ourDefault ?? libraryDefault),
      ourDefault === null ? '' : code(libraryDefault),
      cell(describeType(type)),
      `${cell(help)}${retrieval === null ? '' : ` (${retrieval})`}`,
    ]),
  );

const PARTS: Readonly<Record<string, () => string>> = {
  commands: commandTable,
  options: optionTable,
  columns: columnTable,
  metrics: metricTable,
  properties: propertyTable,
  errors: errorTable,
};

/** The README with its generated parts made anew; each stands between `<!-- name:begin -->` and `<!-- name:end -->`. */
export const withGeneratedParts = (readme: string): string => {
  let text = readme;
  for (const [name, generate] of Object.entries(PARTS)) {
    const [begin, end] = [`<!-- ${name}:begin -->\n`, `<!-- ${name}:end -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`README.md has no ${begin.trim()} … ${end}`);
    text = `${text.slice(0, from + begin.length)}${generate()}\n${text.slice(to)}`;
  }
  return text;
};

if (import.meta.main) {
  const file = new URL('../README.md', import.meta.url);
  writeFileSync(file, withGeneratedParts(readFileSync(file, 'utf8')));
}
