// What a test of the manual controls has: a fake EC2 over HTTP, a rule file, a store, and commands run as a user types them.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { COMMANDS } from '../../../../consumers/commands.ts';
import { run } from '../../../../consumers/mirror/main.ts';
import { readOptions } from '../../../../consumers/shared/read-options.ts';
import { DirectoryStore } from '../../../../consumers/shared/store/directory.ts';
import type { MirroringRow } from '../../../../schemas/mirroring/audit-row.ts';
import { auditRows } from '../../../audit-rows.ts';
import { type FakeEc2, startFakeEc2 } from '../../../fakes/ec2-http/server.ts';
import type { FakeSettings } from '../../../fakes/ec2-http/settings.ts';
import { type FakeWorld, REGION } from '../../../fakes/ec2-http/world.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';

export const NOW = Date.parse('2026-11-20T06:10:00Z');

const command = COMMANDS.find(({ name }) => name === 'mirror')!;

/** A balancer, which takes any number of sources, and one interface, which takes ten. */
export const TARGETS = [
  { id: 'tmt-nlb', kind: 'network-load-balancer' },
  { id: 'tmt-eni', interface: 'eni-host' },
];

export const RULES = 'vpcs: [{vpcId: vpc-1, filterId: tmf-1, targetId: tmt-nlb}]';

/** `i-1` to `i-<n>` with `eni-1` to `eni-<n>`, the filter `tmf-1` and both targets. */
export const worldOf = (instances: number): FakeWorld => ({
  instances: Array.from({ length: instances }, (_, n) => ({ id: `i-${n + 1}` })),
  interfaces: [{ id: 'eni-host' }],
  targets: TARGETS,
  filters: [{ id: 'tmf-1' }],
});

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Running {
  readonly given?: Readonly<Record<string, string | true>>;
  readonly signal?: AbortSignal;
  readonly terminal?: boolean;
}

export class CommandBed {
  readonly ec2: FakeEc2;
  readonly directory: string;
  readonly clock = new ManualClock(NOW);
  readonly #before: Readonly<Record<string, string | undefined>>;

  private constructor(ec2: FakeEc2, directory: string) {
    this.ec2 = ec2;
    this.directory = directory;
    this.#before = Object.fromEntries(Object.keys(ec2.environment).map((name) => [name, process.env[name]]));
    Object.assign(process.env, ec2.environment);
  }

  static async open(world: FakeWorld, settings: Partial<FakeSettings> = {}): Promise<CommandBed> {
    const directory = await mkdtemp(join(tmpdir(), 'vpcflow-commands-'));
    const bed = new CommandBed(await startFakeEc2(world, settings), directory);
    await bed.rules(RULES);
    return bed;
  }

  get store(): DirectoryStore {
    return new DirectoryStore(join(this.directory, 'store'));
  }

  /** What the file `<region>.yaml` says besides. */
  async rules(...lines: readonly string[]): Promise<void> {
    await this.file(`${REGION}.yaml`, ['mode: apply', 'enable: {existing: true, findings: true}', ...lines].join('\n'));
  }

  /** The path of a file with this content. */
  async file(name: string, content: string): Promise<string> {
    const path = join(this.directory, name);
    await writeFile(path, content);
    return path;
  }

  async run(words: readonly string[], { given = {}, signal, terminal = false }: Running = {}): Promise<Ran> {
    const [stdout, stderr] = [new PassThrough(), Object.assign(new PassThrough(), { isTTY: terminal })];
    const [out, err] = [text(stdout), text(stderr)];
    const place = { store: join(this.directory, 'store'), config: join(this.directory, `${REGION}.yaml`) };
    const options = readOptions(command, { ...place, ...given }, {}, words);
    const status = await run({
      ...{ args: words, options, stdout, stderr, clock: this.clock },
      signal: signal ?? new AbortController().signal,
    });
    stdout.end();
    stderr.end();
    return { status, stdout: await out, stderr: await err };
  }

  async audit(): Promise<readonly MirroringRow[]> {
    return await auditRows(this.store, NOW - 3_600_000);
  }

  /** How often EC2 was asked to do something. */
  calls(action: string): number {
    return this.ec2.calls.filter((call) => call.action === action).length;
  }

  async close(): Promise<void> {
    for (const [name, value] of Object.entries(this.#before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await this.ec2.stop();
    await rm(this.directory, { recursive: true });
  }
}
