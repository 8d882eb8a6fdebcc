// Stands in for Java and the daemon in tests of what surrounds them: starts children from the properties file, talks the protocol to them, ends as it is told.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeSync } from 'node:fs';

/** How it behaves: in the environment as JSON, FAKE_DAEMON. */
export interface FakeDaemon {
  /** How many children it starts, one a shard. */
  readonly children: number;
  /** Never says that it is up. */
  readonly stuck?: boolean;
  /** What it prints before anything else. */
  readonly stdout?: readonly string[];
  readonly stderr?: readonly string[];
  /** Variables of which it then prints the values. */
  readonly tell?: readonly string[];
  /** After that, a line of so many `x`. */
  readonly longLine?: number;
  /** Ends by itself at once, or once every child was initialized. */
  readonly exit?: { readonly status: number; readonly when: 'at-once' | 'initialized' };
  /** `deaf` to SIGTERM; `hang`: ends its children and not itself; `rash`: ends without waiting for its children. */
  readonly term?: 'deaf' | 'hang' | 'rash';
  /** Leaves a process in its group that holds its standard output. */
  readonly holder?: boolean;
}

const main = async (): Promise<void> => {
  // The test that wrote it is what reads it.
  const plan = JSON.parse(process.env.FAKE_DAEMON ?? '{"children":0}') as FakeDaemon;
  const properties = new Map(
    readFileSync(process.argv[process.argv.indexOf('--properties-file') + 1] ?? '', 'utf8')
      .split('\n')
      .map((line) => [line.split(' = ')[0] ?? '', line.split(' = ')[1] ?? '']),
  );
  const say = (logger: string, level: string, message: string): void => {
    const loggerName = `software.amazon.kinesis.${logger}`;
    process.stdout.write(`${JSON.stringify({ level, loggerName, formattedMessage: message, throwable: null })}\n`);
  };
  // As a JVM: nobody who reads is nothing to end of.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  for (const line of plan.stdout ?? []) writeSync(1, `${line}\n`);
  for (const line of plan.stderr ?? []) writeSync(2, `${line}\n`);
  for (const name of plan.tell ?? []) writeSync(1, `${name}=${process.env[name] ?? 'none'}\n`);
  if (plan.longLine) writeSync(1, `${'x'.repeat(plan.longLine)}\n`);
  if (plan.holder) spawn('sleep', ['1000'], { stdio: ['ignore', 'inherit', 'ignore'] });
  if (plan.exit?.when === 'at-once') process.exit(plan.exit.status);
  if (!plan.stuck) say('coordinator.Scheduler', 'INFO', 'Initialization complete. Starting worker loop.');

  const children: Child[] = [];
  let ending = false;
  const onTerm = async (): Promise<void> => {
    if (plan.term === 'deaf' || ending) return;
    ending = true;
    say('multilang.MultiLangDaemon', 'INFO', 'Process terminated, will initiate shutdown.');
    if (plan.term === 'rash') process.exit(143);
    await Promise.all(children.map((child) => child.end()));
    if (plan.term !== 'hang') process.exit(143);
  };
  if (plan.term === undefined && plan.stuck)
    process.on('SIGTERM', () => {}); // as the real one: until its grace is over
  else process.on('SIGTERM', () => void onTerm());
  for (let shard = 0; shard < plan.children; shard++) {
    const child = new Child(properties.get('executableName') ?? '', `shardId-${String(shard).padStart(12, '0')}`);
    children.push(child);
    void child.exited.then((clean) => {
      if (clean || ending) return;
      // As the real one: it waits for its other shards, and for this one in vain.
      say('multilang.MultiLangShardRecordProcessor', 'ERROR', 'Encountered an error while trying to process records');
      void onTerm();
      ending = true;
    });
  }
  await Promise.all(children.map((child) => child.begin()));
  say('fake', 'INFO', 'initialized');
  if (plan.exit?.when === 'initialized') process.exit(plan.exit.status);
  setInterval(() => {}, 1_000_000);
};

class Child {
  readonly #process: ChildProcess;
  readonly #shard: string;
  readonly #statuses: (() => void)[] = [];
  /** Whether it ended with 0. */
  readonly exited: Promise<boolean>;

  constructor(executable: string, shard: string) {
    this.#shard = shard;
    this.#process = spawn(executable.split(/ +/)[0] ?? '', executable.split(/ +/).slice(1));
    this.#process.stderr?.pipe(process.stderr);
    this.#process.stdin?.on('error', () => {});
    this.#process.stdout?.on('data', (chunk: Buffer) => {
      for (const line of chunk.toString().split('\n')) if (line.includes('"status"')) this.#statuses.shift()?.();
    });
    this.exited = new Promise((resolve) => this.#process.once('exit', (status) => resolve(status === 0)));
  }

  async begin(): Promise<void> {
    await this.#tell({ action: 'initialize', shardId: this.#shard, sequenceNumber: 'TRIM_HORIZON' });
  }

  async end(): Promise<void> {
    await this.#tell({ action: 'shutdownRequested' });
    await this.#tell({ action: 'leaseLost' });
    this.#process.stdin?.end();
    await this.exited;
  }

  async #tell(message: object): Promise<void> {
    const answered = new Promise<void>((resolve) => this.#statuses.push(resolve));
    this.#process.stdin?.write(`${JSON.stringify(message)}\n`);
    await answered;
  }
}

await main();
