// What a test of the mirror consumer's work has: a fake EC2 over HTTP, a store, a clock, and workers that can be killed.
import { openEc2Mirror } from '../../../../consumers/mirror/ec2/open.ts';
import type { MirrorEvidence } from '../../../../consumers/mirror/turn/evidence-for.ts';
import { MirrorWork } from '../../../../consumers/mirror/turn/work.ts';
import { MirrorProcessor } from '../../../../consumers/mirror/worker/processor.ts';
import type { MirroringRow } from '../../../../schemas/mirroring/audit-row.ts';
import type { MirrorRule, MirrorRules } from '../../../../schemas/mirroring/rules.ts';
import type { StreamRecord } from '../../../../schemas/processor.ts';
import { auditRows } from '../../../audit-rows.ts';
import { type FakeEc2, startFakeEc2 } from '../../../fakes/ec2-http/server.ts';
import type { FakeSettings } from '../../../fakes/ec2-http/settings.ts';
import { ACCOUNT, type FakeWorld, REGION } from '../../../fakes/ec2-http/world.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { MemoryStore } from '../../../fakes/memory-store.ts';
import { MeasuredMeter } from './measured-meter.ts';

export const HOUR = 3_600_000; // ms

/** `i-0` to `i-<n-1>`, each with `eni-<n>`, two targets `tmt-1` and `tmt-2` on hosts of their own, and `tmf-1`. */
export const worldOf = (sources: number): FakeWorld => ({
  instances: [
    ...Array.from({ length: sources }, (_, n) => ({ id: `i-${n}`, interfaces: [{ id: `eni-${n}` }] })),
    { id: 'i-host-1', interfaces: [{ id: 'eni-host-1' }] },
    { id: 'i-host-2', interfaces: [{ id: 'eni-host-2' }] },
  ],
  targets: [
    { id: 'tmt-1', interface: 'eni-host-1' },
    { id: 'tmt-2', interface: 'eni-host-2' },
  ],
  filters: [{ id: 'tmf-1' }],
});

export const RULE: MirrorRule = {
  ...{ name: 'vpcs[0]', line: 1, match: { by: 'vpc', vpc: 'vpc-1' }, filter: 'tmf-1' },
  target: { by: 'id', ids: ['tmt-1', 'tmt-2'] },
  ...{ scope: 'affected', ttl: 3600, maxSessions: null, packetLength: null, virtualNetworkId: null },
};

export const LAUNCHES_TARGETS: MirrorRule = {
  ...RULE,
  target: { by: 'launch', instanceType: 'm5.large', image: 'ami-9', securityGroups: [], subnet: 'subnet-a' },
};

export const rulesOf = (more: Partial<MirrorRules> = {}, rule: MirrorRule = RULE): MirrorRules => ({
  mode: 'apply',
  enable: { existing: false, launches: false, findings: true },
  findings: { allow: [], deny: [], minSeverity: 1 },
  ...{ maxSessions: null, neighbours: 0, denyFamilies: [] },
  guard: { maxCostPerHour: null, sessionPrice: 0.015, maxMbps: null },
  regions: new Map([[REGION, [rule]]]),
  ...more,
});

/** One process: its signal, its life, and what it measured and said. */
export interface Worker {
  readonly work: MirrorWork;
  readonly processor: MirrorProcessor;
  readonly stop: AbortController;
  readonly meter: MeasuredMeter;
  readonly lines: string[];
  /** Kills it: nothing that it still does reaches the store or EC2. */
  kill(): void;
}

type Step = (step: string, when: 'before' | 'after') => void;

export class WorkBed {
  readonly fake: FakeEc2;
  readonly store = new MemoryStore();
  readonly clock: ManualClock;
  /** Of the workers that are made from here on. */
  rules: MirrorRules;
  evidence: MirrorEvidence = {
    neighbours: async () => ({ neighbours: [], window: '', complete: null, problem: null }),
    mbps: async () => ({ mbps: new Map(), problem: null }),
  };
  #workers = 0;
  #sequence = 0;

  private constructor(fake: FakeEc2, rules: MirrorRules, start: number) {
    this.fake = fake;
    this.rules = rules;
    this.clock = new ManualClock(start);
  }

  /** `start`: Unix ms. */
  static async open(
    rules: MirrorRules = rulesOf(),
    world: FakeWorld = worldOf(3),
    { start = Date.UTC(2026, 10, 20, 5, 0, 0), settings = {} as Partial<FakeSettings> } = {},
  ): Promise<WorkBed> {
    return new WorkBed(await startFakeEc2(world, settings), rules, start);
  }

  close(): Promise<void> {
    return this.fake.stop();
  }

  /** `step` is told of each put and of each call that changes something, and may kill the worker there. */
  worker(step: Step = () => undefined): Worker {
    let dead = false;
    const stop = new AbortController();
    const alive = (): void => {
      if (dead) throw new Error('killed');
    };
    const store = this.store.client({
      beforeEach: (operation, key) => {
        alive();
        if (operation === 'put') step(`put ${key.slice(-14)}`, 'before');
        alive();
      },
      afterEach: (operation, key) => {
        if (operation === 'put') step(`put ${key.slice(-14)}`, 'after');
        alive();
      },
    });
    const { endpoint, credentials } = this.fake.place;
    const meter = new MeasuredMeter();
    const lines: string[] = [];
    const say = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) =>
      void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
    const log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
    const ec2 = openEc2Mirror({ region: REGION, place: { endpoint, credentials }, patience: { attempts: 2, wait: 1 } });
    const guarded: Record<string, unknown> = { region: REGION };
    for (const [name, member] of Object.entries(ec2)) {
      if (typeof member !== 'function') continue;
      const isChange = /^(?:create|delete|run|terminate|set|remove)/.test(name);
      guarded[name] = async (...given: unknown[]) => {
        alive();
        if (isChange) step(name, 'before');
        alive();
        const answer = await (member as (...all: unknown[]) => unknown)(...given);
        if (isChange) step(name, 'after');
        alive();
        return answer;
      };
    }
    const work = new MirrorWork({
      ...{ store, rules: this.rules, account: ACCOUNT, clock: this.clock, meter, log },
      regions: new Map([[REGION, guarded as unknown as typeof ec2]]),
      evidence: this.evidence,
      worker: `w${++this.#workers}`,
    });
    const processor = new MirrorProcessor({ work, rules: this.rules, meter, log, signal: stop.signal });
    const kill = (): void => {
      dead = true;
    };
    return { work, processor, stop, meter, lines, kill };
  }

  /** Records that hold the events, as they arrive now. */
  records(events: readonly object[]): readonly StreamRecord[] {
    return events.map((event) => ({
      ...{ sequenceNumber: String(++this.#sequence), subSequenceNumber: 0, partitionKey: 'events' },
      data: Buffer.isBuffer(event) ? event : Buffer.from(JSON.stringify(event)),
      arrival: this.clock.now(),
    }));
  }

  /** A batch, as an engine hands it to a shard. Answers with the checkpoints that were stored. */
  async deliver({ processor }: Worker, records: readonly StreamRecord[]): Promise<readonly (string | undefined)[]> {
    const stored: (string | undefined)[] = [];
    const checkpoint = async (sequence?: string): Promise<void> => void stored.push(sequence);
    await processor.processRecords({ records, millisBehindLatest: 0, checkpointer: { checkpoint } });
    return stored;
  }

  /** Time in which nobody looks. */
  async pass(minutes: number): Promise<void> {
    await this.clock.advance(minutes * 60_000);
  }

  /** What the reconciler does, after a minute has passed. */
  async minute({ work, stop }: Worker, minutes = 1): Promise<void> {
    for (let passed = 0; passed < minutes; passed += 1) {
      await this.clock.advance(60_000);
      await work.turn({ housekeeping: 'all', waiting: true }, stop.signal);
    }
  }

  /** `eni-0 <finding>` of each session, sorted; `-` for one without a finding. */
  get sessions(): readonly string[] {
    const all = [...this.fake.state.sessions.values()];
    return all.map((one) => `${one.interface} ${named(one.tags.get('vpcflow:finding') ?? '-')}`).sort();
  }

  /** The calls that changed something, or tried to. */
  get calls(): readonly string[] {
    return this.fake.changes().map(({ action, answer }) => (answer === 'ok' ? action : `${action} ${answer}`));
  }

  async rows(): Promise<readonly MirroringRow[]> {
    return await auditRows(this.store);
  }

  /** `outcome reason`, of the decisions in their order; `about`: of one request or session only. */
  async decisions(about = ''): Promise<readonly string[]> {
    return (await this.rows())
      .filter(({ phase, request, session_id }) => phase === 'decided' && `${request} ${session_id}`.includes(about))
      .map(({ outcome, reason }) => `${outcome} ${reason}`);
  }
}

/** The name that a test gave, of the id that `findingId` made of it. */
const named = (id: string): string =>
  /^[0-9a-f]{32}$/.test(id) ? Buffer.from(id, 'hex').toString().replaceAll('\0', '') : id;
