// One `vpcflow digest --engine kcl` as a real process with its daemon and children, and what can be done to each of them.
import { type Ended, type Running, startVpcflow } from '../run-vpcflow.ts';
import { until } from '../until.ts';
import { type Process, processes, signal } from './processes.ts';

export interface WorkerOptions {
  readonly id: string;
  /** Its temporary directory: what names it in its command belongs to this worker. */
  readonly directory: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly metricsPort: number;
}

export class Worker {
  readonly id: string;
  readonly running: Running;
  readonly #directory: string;
  readonly #metricsPort: number;
  readonly #groups = new Set<number>(); // of daemons that were seen
  #end: Ended | null = null;

  constructor(options: WorkerOptions) {
    this.id = options.id;
    this.#directory = options.directory;
    this.#metricsPort = options.metricsPort;
    this.running = startVpcflow(options.arguments, { ...options.environment, TMPDIR: options.directory });
    void this.running.ended.then((end) => {
      this.#end = end;
    });
  }

  /** How it ended; null while it lives. */
  get end(): Ended | null {
    return this.#end;
  }

  get pid(): number {
    return this.running.process.pid ?? 0;
  }

  /** The daemon and its children, as they are now. */
  async family(): Promise<{ readonly daemon: Process | null; readonly children: readonly Process[] }> {
    const all = await processes();
    const daemon = all.find(({ parent, command }) => parent === this.pid && command.includes('MultiLangDaemon'));
    if (daemon === undefined) return { daemon: null, children: [] };
    this.#groups.add(daemon.group);
    return { daemon, children: all.filter(({ parent }) => parent === daemon.pid) };
  }

  /** Resolves with the daemon once there is one. */
  async daemon(): Promise<Process> {
    return await until(`${this.id} has a daemon`, async () => {
      if (this.end !== null) throw new Error(`${this.id} ended (${this.end.status}): ${this.tail()}`);
      return (await this.family()).daemon;
    });
  }

  /** Resolves with one of its children once there is one. */
  async child(which = 0): Promise<Process> {
    return await until(`${this.id} has a child process`, async () => {
      if (this.end !== null) throw new Error(`${this.id} ended (${this.end.status}): ${this.tail()}`);
      const { children } = await this.family();
      return children[which % children.length];
    });
  }

  /** The sum of a metric over its labels; 0 while it is not there. */
  async metric(name: string): Promise<number> {
    const text = await fetch(`http://127.0.0.1:${this.#metricsPort}/metrics`).then(
      (answer) => answer.text(),
      () => '',
    );
    const values = text
      .split('\n')
      .filter((line) => line.startsWith(`vpcflow_${name}{`) || line.startsWith(`vpcflow_${name} `));
    return values.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  signal(name: NodeJS.Signals): void {
    signal(this.pid, name);
  }

  /** All that is left of it: whoever names its directory, and whoever is in the process group of its daemon. */
  async left(): Promise<readonly Process[]> {
    const all = await processes();
    const named = all.filter(({ pid, command }) => pid === this.pid || command.includes(this.#directory));
    for (const { command, group } of named) if (command.includes('MultiLangDaemon')) this.#groups.add(group);
    return all.filter((one) => named.includes(one) || this.#groups.has(one.group));
  }

  /** Resolves with how it ended, when no process of it is left. */
  async gone(seconds = 90): Promise<Ended> {
    await until(`nothing is left of ${this.id}`, async () => (await this.left()).length === 0, seconds).catch(
      async (error: Error) => {
        const left = (await this.left()).map(({ pid, command }) => `${pid} ${command.slice(0, 100)}`);
        throw new Error(`${error.message}; still there: ${left.join(', ')}\n${this.tail()}`);
      },
    );
    return await this.running.ended;
  }

  /** Ends everything by force. */
  async destroy(): Promise<void> {
    for (const { pid } of await this.left()) signal(pid, 'SIGKILL');
    await this.gone();
  }

  /** The end of what it said. */
  tail(lines = 30): string {
    return this.running.stderr().trimEnd().split('\n').slice(-lines).join('\n');
  }
}
