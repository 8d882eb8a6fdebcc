// Turns what `vpcflow up` does into what a person at the terminal reads: news that stay, and one line that is alive.
import type { Counts } from '../schemas/counts.ts';
import type { Log } from './shared/log.ts';
import { isTerminal } from './shared/terminal.ts';

/** What has happened since the start. */
export class Tally {
  /** Simulated lines that the stream has taken. */
  put = 0;
  records = 0;
  flows = 0;
  epochs = 0;
  readonly #watermarks = new Map<string, number>(); // ms, by shard

  committed(counts: Counts): void {
    this.records += counts.records;
    this.flows += counts.flows;
    this.epochs += 1;
  }

  watermark(shard: string, ms: number): void {
    this.#watermarks.set(shard, ms);
  }

  /** Up to when all shards are complete; null before it is known. */
  get complete(): number | null {
    return this.#watermarks.size === 0 ? null : Math.min(...this.#watermarks.values());
  }
}

const number = (value: number): string => value.toLocaleString('en-US');
const time = (ms: number): string => `${new Date(ms).toISOString().slice(11, 19)}Z`;

export class Terminal {
  readonly #out: NodeJS.WritableStream;
  readonly #isAlive: boolean;
  #live = '';

  constructor(out: NodeJS.WritableStream) {
    this.#out = out;
    this.#isAlive = isTerminal(out);
  }

  say(text: string): void {
    if (this.#live !== '') this.#out.write('\r\u001b[K');
    this.#out.write(`${text}\n`);
    if (this.#live !== '') this.#out.write(this.#live);
  }

  /** One line that is written over; nothing where nobody looks. */
  status({ put, records, flows, epochs, complete }: Tally): void {
    if (!this.#isAlive) return;
    const done = `${number(records)} records, ${number(flows)} flows, ${number(epochs)} epochs committed`;
    this.#live = `${put === 0 ? '' : `${number(put)} lines put; `}${done}; watermark ${complete === null || complete <= 0 ? 'none' : time(complete)}`;
    this.#out.write(`\r\u001b[K${this.#live}`);
  }

  end(): void {
    if (this.#live !== '') this.#out.write('\n');
    this.#live = '';
  }
}

/** How this program was started, so that the commands shown can be typed as they stand. */
const program = (script: string): string => (script.endsWith('.ts') ? 'npm run -s vpcflow --' : 'npx vpcflow');

export interface Place {
  readonly script: string;
  readonly data: string;
  readonly url: string;
  readonly endpoint: string;
  readonly stream: string;
  readonly events: string; // stream
  readonly rate: number | null; // null: no simulated traffic
}

export const welcome = ({ data, url, endpoint, stream, events, rate, script }: Place): string =>
  [
    'vpcflow is up; Ctrl-C ends it, and nothing is lost',
    `  questions      ${url}`,
    `  store          ${data}`,
    `  local Kinesis  ${endpoint} (streams ${stream} and ${events})`,
    `  mirroring      findings on ${events} become planned sessions; nothing is changed in AWS`,
    ...(rate === null
      ? [
          '  traffic        none; put some on the stream, for example in another terminal:',
          `    export AWS_ENDPOINT_URL_KINESIS=${endpoint} AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local`,
          `    ${program(script)} simulate --to stream --stream ${stream}`,
          `    ${program(script)} simulate --to stream --stream ${events} --format events`,
        ]
      : [
          `  traffic        simulated, about ${rate} lines a second, an incident every 12 minutes: brute force on SSH from`,
          '                 minute 1, a port opened at 3, a stolen session at 5, lateral movement at 6, containment at 10',
        ]),
    '  A record is digested when its minute of arrival is over: the first digest comes within 70 seconds.',
  ].join('\n');

const storeOption = (data: string): string => (data === './data' ? '' : ` --store ${data}`);

export const firstDigest = ({ script, data }: Place): string => {
  const store = storeOption(data);
  const type = program(script);
  return [
    'the first digest is there; try in another terminal:',
    `  ${type} rows --start now-15m --stop now --group srcaddr,dstaddr,dstport --top 10${store}`,
    `  ${type} graph --start now-15m --stop now --top 20 --format dot${store}`,
    `  ${type} audit${store}`,
  ].join('\n');
};

/** What is told of a planned session, after the first one also where to look. */
const planned = (fields: Readonly<Record<string, unknown>>, place: Place | null): string => {
  const { interface: source, instance, expires } = fields;
  const until = typeof expires === 'string' ? ` until ${expires.slice(11, 19)}Z` : '';
  const line = `planned: mirror ${source} of ${instance}${until}`;
  if (place === null) return line;
  return [
    `${line}; look at it in another terminal:`,
    `  ${program(place.script)} mirror sessions${storeOption(place.data)}`,
    `  curl ${place.url}/v1/mirroring/sessions`,
  ].join('\n');
};

/** What the mirror consumer has to say: each planned session once, and whatever goes wrong. */
export const mirrorLog = (terminal: Terminal, place: () => Place | null): Log => {
  let told = false;
  const say = (fields: Readonly<Record<string, unknown>>, message: string): void => {
    const facts = Object.entries(fields).map(([name, value]) => `${name} ${String(value)}`);
    terminal.say(`mirroring: ${message}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`);
  };
  const info = (fields: Readonly<Record<string, unknown>>): void => {
    if (fields.reason !== 'wanted' || fields.session === undefined) return;
    const where = told ? null : place();
    told ||= where !== null;
    terminal.say(planned(fields, where));
  };
  return { debug: () => {}, info, warn: say, error: say };
};
