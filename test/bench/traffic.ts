// Turns a seed into the flow-log lines and CloudWatch envelopes that the benchmarks read: the same bytes every time.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

export interface TrafficShape {
  /** Distinct digest rows. */
  readonly rows: number;
  /** Flow-log records of each of them: connections from other ephemeral ports. */
  readonly recordsPerRow: number;
  readonly interfaces: number;
  readonly minutes: number;
}

export interface Traffic {
  readonly shape: TrafficShape;
  readonly lines: number;
  /** Gzip envelopes, one a record of the stream. */
  readonly envelopes: readonly Buffer[];
  /** The same lines as one gzip text. */
  readonly gzipText: Buffer;
  /** Bytes of the lines with their newlines. */
  readonly textBytes: number;
  /** Bytes of the envelopes, inflated. */
  readonly envelopeBytes: number;
}

const EVENTS_AN_ENVELOPE = 1000;
const ACCOUNT = '123456789012';
export const FIRST_SECOND = 1_795_226_400; // 2026-11-21T02:00:00Z
/**
 * How many addresses there are to talk to, for each row. Three real captures (of 91 to 240 rows) have 0.34 to 0.49
 * distinct addresses a row; this gives 0.44.
 */
const PEERS_A_ROW = 0.6;
const SERVICES = [443, 443, 443, 80, 5432, 53, 22, 8080];

/** Mulberry32, by Tommy Ettinger: enough randomness for traffic, the same on every machine. */
const random = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** Every other peer is on the internet, anywhere. */
const peerAddress = (peer: number): string => {
  const bits = peer % 2 === 0 ? peer | (10 << 24) : Math.imul(peer, 0x9e3779b1);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
};

/** The lines of one interface and minute, in the order of their ephemeral ports, which is none. */
const interfaceLines = (shape: TrafficShape, index: number, minute: number, next: () => number): string[] => {
  const rows = Math.round(shape.rows / shape.interfaces / shape.minutes);
  const eni = `eni-0${(Math.imul(index + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0')}a1b2c3d4`;
  const own = `10.${index >> 8}.${index & 255}.${10 + (index % 200)}`;
  const lines: string[] = [];
  const peers = new Set<number>();
  while (peers.size < rows) peers.add(Math.floor(next() ** 2 * shape.rows * PEERS_A_ROW));
  for (const [r, peerNumber] of [...peers].entries()) {
    const peer = peerAddress(peerNumber);
    const service = SERVICES[Math.floor(next() * SERVICES.length)];
    const inbound = r % 2 === 1;
    const protocol = service === 53 ? 17 : 6;
    const action = service === 22 ? 'REJECT' : 'ACCEPT';
    for (let n = 0; n < shape.recordsPerRow; n++) {
      // Each at its own port, so that no two are the same flow.
      const ephemeral = 32768 + Math.floor(((n + next()) / shape.recordsPerRow) * 28000);
      const ends = inbound ? `${peer} ${own} ${ephemeral} ${service}` : `${own} ${peer} ${ephemeral} ${service}`;
      const packets = 1 + Math.floor(-Math.log(1 - next()) * 8);
      const bytes = packets * 52 + Math.floor(next() * next() * packets * 1400);
      const start = FIRST_SECOND + minute * 60 + Math.floor(next() * 50);
      const end = start + Math.floor(next() * 60);
      lines.push(`2 ${ACCOUNT} ${eni} ${ends} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} OK`);
    }
  }
  for (let i = lines.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [lines[i], lines[j]] = [lines[j], lines[i]];
  }
  return lines;
};

/**
 * One envelope. An event's id is, as CloudWatch Logs makes them, its timestamp in ms above 144 bits that begin with some
 * 128 of the batch and end with the event's place in it.
 */
const envelope = (logStream: string, lines: readonly string[], number: number): string => {
  const batch = createHash('sha256').update(String(number)).digest().readBigUInt64BE() << 72n;
  const logEvents = lines.map((message, i) => {
    const timestamp = Number(message.split(' ')[10]) * 1000;
    return { id: String((BigInt(timestamp) << 144n) + batch + BigInt(i)), timestamp, message };
  });
  const head = { messageType: 'DATA_MESSAGE', owner: ACCOUNT, logGroup: 'vpc-flow-logs', logStream };
  return JSON.stringify({ ...head, subscriptionFilters: ['vpcflow'], logEvents });
};

/** Calls `each` with the lines of every envelope. */
export const eachEnvelope = (
  shape: TrafficShape,
  each: (lines: readonly string[], interfaceIndex: number) => void,
): void => {
  const next = random(1);
  for (let minute = 0; minute < shape.minutes; minute++) {
    for (let index = 0; index < shape.interfaces; index++) {
      const lines = interfaceLines(shape, index, minute, next);
      for (let from = 0; from < lines.length; from += EVENTS_AN_ENVELOPE) {
        each(lines.slice(from, from + EVENTS_AN_ENVELOPE), index);
      }
    }
  }
};

export const generateTraffic = (shape: TrafficShape): Traffic => {
  const envelopes: Buffer[] = [];
  const texts: string[] = [];
  let lines = 0;
  let envelopeBytes = 0;
  eachEnvelope(shape, (some, index) => {
    const text = envelope(`eni-${index}-all`, some, envelopes.length);
    lines += some.length;
    envelopeBytes += Buffer.byteLength(text);
    envelopes.push(gzipSync(text));
    texts.push(`${some.join('\n')}\n`);
  });
  const whole = Buffer.from(texts.join(''));
  return { shape, lines, envelopes, gzipText: gzipSync(whole), textBytes: whole.length, envelopeBytes };
};
