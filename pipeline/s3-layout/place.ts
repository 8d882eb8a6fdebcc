// Turns the directories of a key into what the layouts of AWS say with them: whose logs, of which service, of which time.
//
//     …/AWSLogs/[o-…/]<account>/<service>/<region>/YYYY/MM/DD/[HH/]
//     …/AWSLogs/[o-…/]aws-account-id=<account>/aws-service=<service>/aws-region=<region>/year=…/month=…/day=…/[hour=…/]
//     …/YYYY/MM/DD/HH/                                                          Firehose (UTC unless it was told another zone)
//
// https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html
import { type CalendarDate, readDate } from './calendar.ts';

export interface Place {
  /** `AWSLogs` is among the directories. */
  readonly aws: boolean;
  /** Directories have names (`year=2026`): the layout that Hive understands. */
  readonly hive: boolean;
  readonly account: string | null;
  readonly service: string | null;
  /** How many directories there are until the service is told. */
  readonly serviceAt: number;
  readonly region: string | null;
  readonly date: CalendarDate;
  /** Directories that belong to no layout follow what is told. */
  readonly strange: boolean;
}

export const FLOW_LOGS = 'vpcflowlogs';

const ORGANISATION = /^o-[a-z0-9]{10,32}$/;
const ACCOUNT = /^(aws-account-id=)?(\d{12})$/;
const SERVICE = /^(?:aws-service=)?([A-Za-z][\w-]*)$/;
const REGION = /^(?:aws-region=)?([a-z]{2,4}(?:-[a-z]+)+-\d+)$/;

/** A year alone may be anything; followed by a month it is a date. */
const dateWithin = (directories: readonly string[]): { readonly date: CalendarDate; readonly end: number } => {
  for (let i = 0; i < directories.length; i++) {
    const date = readDate(directories.slice(i, i + 4));
    if (date.length > 1 || (date.length === 1 && i === directories.length - 1)) return { date, end: i + date.length };
  }
  return { date: [], end: 0 };
};

/** @param directories of a key, or of a prefix that ends in a slash. */
export const placeOf = (directories: readonly string[]): Place => {
  const root = directories.lastIndexOf('AWSLogs');
  if (root < 0) {
    const { date, end } = dateWithin(directories);
    const nobody = { account: null, service: null, serviceAt: 0, region: null };
    return { aws: false, hive: false, ...nobody, date, strange: end < directories.length };
  }
  let at = root + 1;
  if (ORGANISATION.test(directories[at] ?? '')) at++;
  const account = ACCOUNT.exec(directories[at] ?? '');
  if (account !== null) at++;
  const service = account === null ? null : SERVICE.exec(directories[at] ?? '');
  if (service !== null) at++;
  const serviceAt = at;
  const region = service === null ? null : REGION.exec(directories[at] ?? '');
  if (region !== null) at++;
  const date = region === null ? [] : readDate(directories.slice(at, at + 4));
  return {
    aws: true,
    hive: account?.[1] !== undefined,
    account: account?.[2] ?? null,
    service: service?.[1] ?? null,
    serviceAt,
    region: region?.[1] ?? null,
    date,
    strange: at + date.length < directories.length,
  };
};
