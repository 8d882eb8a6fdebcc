// Turns the key of an object into what it tells of the content, and that into whether a selection asks for it.
import type { Window } from '../../schemas/query.ts';
import { type Span, spanOf } from './calendar.ts';
import { FLOW_LOGS, type Place, placeOf } from './place.ts';
import { isEverything, type Selection } from './selection.ts';

const MINUTE = 60_000; // ms

/** A flow-log file of AWS holds the records that end in the five minutes from the time in its name. */
const FILE_SPAN = 5 * MINUTE;
/** Firehose names an object after its oldest record, and collects for up to 15 minutes. */
const FIREHOSE_SPAN = 15 * MINUTE;
/**
 * A flow is in the window by its start; its record ends up to 10 minutes (the longest aggregation) after it, and is
 * delivered up to as much later. So what is named up to so much after `stop` may hold records of the window.
 */
const LATER = 20 * MINUTE;

/** `<account>_vpcflowlogs_<region>_<flow log>_<YYYYMMDD>T<HHmm>Z_<hash>.log.gz` */
const FILE = /^(\d{12})_vpcflowlogs_([a-z0-9-]+)_[^_]+_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)Z_/;

export interface KeyFacts {
  /** What the directories tell. */
  readonly place: Place;
  /** What the name of the file tells, which goes before, or else they. */
  readonly account: string | null;
  readonly region: string | null;
  /** When the records ended or arrived that it holds. */
  readonly time: Span | null;
}

/** When records ended or arrived that lie in files below a place. */
export const timeOf = ({ date, aws }: Place): Span | null => {
  const span = date.length === 0 || (!aws && date.length === 1) ? null : spanOf(date);
  return span === null ? null : { from: span.from, to: span.to + (aws ? FILE_SPAN : FIREHOSE_SPAN) };
};

const ofFile = (place: Place, name: RegExpExecArray): KeyFacts => {
  const [year, month, day, hour, minute] = name.slice(3).map(Number);
  const time = Date.UTC(year, month - 1, day, hour, minute);
  return { place, account: name[1], region: name[2], time: { from: time, to: time + FILE_SPAN } };
};

/** Reads key after key; what a directory tells is read once for those in it that follow one another. */
export const keyReader = (): ((key: string) => KeyFacts) => {
  let directory: string | null = null;
  let place = placeOf([]);
  let ofDirectory: KeyFacts = { place, account: null, region: null, time: null };
  return (key) => {
    const end = key.lastIndexOf('/') + 1;
    const here = key.slice(0, end);
    if (here !== directory) {
      directory = here;
      place = placeOf(here.split('/').slice(0, -1));
      ofDirectory = { place, account: place.account, region: place.region, time: timeOf(place) };
    }
    const name = FILE.exec(key.slice(end));
    return name === null ? ofDirectory : ofFile(place, name);
  };
};

export const mayHold = ({ from, to }: Span, { start, stop }: Window): boolean => from <= stop + LATER && to >= start;

/** The service whose directory a key or prefix lies in, when that is not flow logs and the operand does not name it. */
export const isSibling = ({ service, serviceAt }: Place, given: string): boolean =>
  service !== null && service !== FLOW_LOGS && given.split('/').length - 1 < serviceAt;

export type KeyVerdict = 'take' | 'unknown' | 'pruned' | 'sibling';

/**
 * `unknown`: to be taken, because it does not tell what the selection asks for.
 * @param given the begin of the key that the operand names itself, up to a slash: a service in it is asked for.
 */
export const judgeKey = (facts: KeyFacts, selection: Selection, given: string): KeyVerdict => {
  if (isSibling(facts.place, given)) return 'sibling';
  if (isEverything(selection)) return 'take';
  const { window, accounts, regions } = selection;
  const asked: readonly (boolean | null)[] = [
    accounts.length === 0 || (facts.account === null ? null : accounts.includes(facts.account)),
    regions.length === 0 || (facts.region === null ? null : regions.includes(facts.region)),
    window === null || (facts.time === null ? null : mayHold(facts.time, window)),
  ];
  if (asked.includes(false)) return 'pruned';
  return asked.includes(null) ? 'unknown' : 'take';
};
