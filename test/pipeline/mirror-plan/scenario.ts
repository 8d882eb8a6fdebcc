// Turns the YAML of a scenario into a region, a rule file, requests and what the audit remembers, with usual values for
// whatever it does not say.
import { parse } from 'yaml';
import { readRules } from '../../../pipeline/mirror-rules/rules.ts';
import type {
  MirrorInstance,
  MirrorInterface,
  MirrorSession,
  MirrorTarget,
  Tags,
} from '../../../schemas/mirroring/account.ts';
import type { InstanceState } from '../../../schemas/mirroring/events.ts';
import type { MirrorMemory, MirrorRequest } from '../../../schemas/mirroring/plan.ts';
import type { MirrorRules } from '../../../schemas/mirroring/rules.ts';
import { ACCOUNT, REGION, type Region, zoneOf } from './model-account.ts';

interface InstanceText {
  readonly type?: string;
  readonly image?: string;
  readonly subnet?: string;
  readonly state?: InstanceState;
  readonly launched?: string;
  readonly tags?: Tags;
  /** Addresses by interface id; the first interface is the primary one. */
  readonly interfaces: Readonly<Record<string, readonly string[] | { readonly kind: string }>>;
}

interface RequestText {
  readonly finding?: string;
  readonly launch?: string;
  readonly existing?: string;
  readonly type?: string;
  readonly severity?: number;
  readonly at?: string;
  readonly archived?: boolean;
  readonly instances?: readonly string[];
  readonly interfaces?: readonly string[];
  readonly localAddresses?: readonly string[];
  readonly account?: string;
  readonly region?: string;
  readonly neighbours?: Readonly<Record<string, number>>;
}

interface ScenarioText {
  readonly now: string;
  readonly rules: string;
  readonly instances?: Readonly<Record<string, InstanceText>>;
  readonly targets?: Readonly<Record<string, { readonly interface?: string; readonly tags?: Tags }>>;
  readonly sessions?: Readonly<Record<string, Partial<MirrorSession> & { readonly interface: string }>>;
  readonly filters?: Readonly<Record<string, number>>;
  readonly mbps?: Readonly<Record<string, number>>;
  readonly requests?: readonly RequestText[];
  /** `f1 eni-1`, or `eni-1` of a launch: up to when. */
  readonly released?: Readonly<Record<string, string>>;
  readonly decided?: Readonly<Record<string, { readonly updatedAt: string; readonly archived?: boolean }>>;
  /** Ids of sessions that we made, with their interfaces. */
  readonly made?: Readonly<Record<string, string>>;
  /** By kind of call: codes that EC2 refuses the first ones with, in their order; null: it takes one. */
  readonly refusals?: Readonly<Record<string, readonly (string | null)[]>>;
  /** False: what is pending stays so. */
  readonly boots?: boolean;
  /** Minutes after `now` at which the housekeeping looks. */
  readonly housekeeping?: readonly number[];
}

export interface Scenario {
  readonly region: Region;
  readonly rules: MirrorRules;
  readonly requests: readonly MirrorRequest[];
  readonly memory: MirrorMemory;
  readonly made: Readonly<Record<string, string>>;
  readonly refusals: Readonly<Record<string, readonly (string | null)[]>>;
  readonly boots: boolean;
  readonly housekeeping: readonly number[];
}

function instanceOf([id, text]: [string, InstanceText], now: number): MirrorInstance {
  const { type = 'm5.large', image = 'ami-0', subnet = 'subnet-a', state = 'running', tags = {} } = text;
  const where = { subnet, vpc: 'vpc-1', zone: zoneOf(subnet) };
  const interfaces = Object.entries(text.interfaces).map(([port, said], deviceIndex): MirrorInterface => {
    const kind = 'kind' in said ? said.kind : 'interface';
    const addresses = 'kind' in said ? [] : said;
    return { ...where, id: port, instance: id, deviceIndex, kind, requesterManaged: false, addresses };
  });
  const launched = text.launched === undefined ? now - 86_400_000 : Date.parse(text.launched);
  return { ...where, id, type, state, launched, image, tags, interfaces };
}

function requestOf(text: RequestText, now: number): MirrorRequest {
  const { account = ACCOUNT, region = REGION, severity = 5, type = 'Recon:EC2/Portscan', archived = false } = text;
  const at = text.at === undefined ? now : Date.parse(text.at);
  const neighbours = Object.entries(text.neighbours ?? {}).map(([port, bytes]) => ({
    ...{ interface: port, bytes: BigInt(bytes), window: '2026-11-22T01:00:00Z/2026-11-22T02:00:00Z', complete: true },
  }));
  const shared = { account, region, at, neighbours };
  const other = text.launch ?? text.existing;
  if (other !== undefined) {
    const cause = text.launch === undefined ? 'existing' : 'launch';
    return { ...shared, key: `${cause}/${other}`, cause, instances: [other], finding: null };
  }
  const { finding: id = 'f', instances = [], interfaces = [], localAddresses = [] } = text;
  const finding = { id, type, severity, title: '', account, region, updatedAt: at, archived, instances };
  return {
    ...{ ...shared, key: `finding/${id}/${at}`, cause: 'finding', instances },
    finding: {
      ...{ ...finding, interfaces: interfaces.map((port) => ({ id: port, addresses: [] })), localAddresses },
      ...{ localInterfaces: [], remoteAddresses: ['198.51.100.7'] },
    },
  };
}

function rulesOf(text: string): MirrorRules {
  const reading = readRules(text, { file: `${REGION}.yaml`, region: null, mode: null, enable: null });
  if (!('rules' in reading)) throw new Error(JSON.stringify(reading));
  return reading.rules;
}

/** Throws where the rule file has problems. */
export function readScenario(yaml: string): Scenario {
  const text: ScenarioText = parse(yaml);
  const now = Date.parse(text.now);
  const { released = {}, decided = {}, filters = { 'tmf-1': 2 } } = text;
  const sessions = Object.entries(text.sessions ?? {}).map(
    ([id, one], i): MirrorSession => ({
      ...{ target: 'tmt-1', filter: 'tmf-1', number: i + 1, virtualNetworkId: null, packetLength: null, tags: {} },
      ...{ ...one, id },
    }),
  );
  const targets = Object.entries(text.targets ?? {}).map(([id, { interface: on = null, tags = {} }]): MirrorTarget => {
    const kind = on === null ? 'network-load-balancer' : 'network-interface';
    return { id, kind, interface: on, owner: ACCOUNT, tags };
  });
  return {
    region: {
      instances: Object.entries(text.instances ?? {}).map((one) => instanceOf(one, now)),
      ...{ now, loose: [], sessions, targets, mbps: new Map(Object.entries(text.mbps ?? {})) },
      filters: Object.entries(filters).map(([id, rules]) => ({ id, rules })),
    },
    rules: rulesOf(text.rules),
    requests: (text.requests ?? []).map((one) => requestOf(one, now)),
    memory: {
      released(finding, port) {
        const at = released[[finding, port].filter((part) => part !== null).join(' ')];
        return at === undefined ? null : Date.parse(at);
      },
      decided(finding) {
        const last = decided[finding];
        return last === undefined ? null : { updatedAt: Date.parse(last.updatedAt), archived: last.archived ?? false };
      },
      ended: () => 0,
    },
    ...{
      made: text.made ?? {},
      refusals: text.refusals ?? {},
      housekeeping: text.housekeeping ?? [],
      boots: text.boots ?? true,
    },
  };
}
