// Plays the daemon and the worker around one real child process: a launcher as the worker's, pipes, and a unix socket.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHILD_FILE_VARIABLE, childFileText } from '../../../../../consumers/shared/kcl/child-file.ts';
import { type LinkMessage, parseLinkLine } from '../../../../../consumers/shared/kcl/link-messages.ts';
import { until } from '../../../../until.ts';

export interface Exit {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Splits what comes at `\n` only, and hands on whole lines. */
const lineSplitter = (onLine: (line: string) => void): ((chunk: Buffer) => void) => {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const parts = Buffer.concat([rest, chunk]);
    let from = 0;
    for (let at = parts.indexOf(10); at >= 0; at = parts.indexOf(10, from)) {
      onLine(parts.toString('utf8', from, at));
      from = at + 1;
    }
    rest = Buffer.from(parts.subarray(from));
  };
};

export class HandDaemon {
  readonly #directory: string;
  readonly #server: Server;
  readonly #child: ChildProcess;
  readonly #sockets: Socket[] = [];
  readonly #exit: Promise<Exit>;
  /** Lines on the protocol pipe that are not empty, whatever they are. */
  readonly lines: string[] = [];
  /** What came over the link, in order. */
  readonly link: LinkMessage[] = [];
  stderr = '';
  #ended = false;

  private constructor(directory: string, server: Server, child: ChildProcess) {
    this.#directory = directory;
    this.#server = server;
    this.#child = child;
    child.stdout?.on(
      'data',
      lineSplitter((line) => line !== '' && this.lines.push(line)),
    );
    child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    child.stdin?.on('error', () => {}); // a child that ended does not read
    server.on('connection', (socket) => {
      this.#sockets.push(socket);
      socket.on('error', () => {});
      socket.on(
        'data',
        lineSplitter((line) => {
          const message = parseLinkLine(line);
          if (message === null) throw new Error(`the link carried ${line}`);
          this.link.push(message);
        }),
      );
    });
    this.#exit = once(child, 'close').then(([status, signal]) => {
      this.#ended = true;
      return { status, signal };
    });
  }

  /** Starts the module through `sh`, its descriptor 3 the protocol's, as the worker's launcher does. */
  static async start(
    module: string,
    configuration: unknown,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<HandDaemon> {
    const directory = await mkdtemp(join(tmpdir(), 'vpcflow-hand-'));
    const socket = join(directory, 'link');
    const server = createServer().listen(socket);
    await once(server, 'listening');
    const file = join(directory, 'child.json');
    await writeFile(file, childFileText({ socket, configuration }));
    const launcher = join(directory, 'launcher');
    await writeFile(launcher, `#!/bin/sh\nexec '${process.execPath}' '${module}' 3>&1 1>&2\n`);
    await chmod(launcher, 0o700);
    const inherited = Object.entries(process.env).filter(([name]) => !/^(VPCFLOW_|NODE_|AWS_|VITEST)/.test(name));
    const child = spawn(launcher, [], {
      env: { ...Object.fromEntries(inherited), [CHILD_FILE_VARIABLE]: file, ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    return new HandDaemon(directory, server, child);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return !this.#ended;
  }

  /** Resolves once the child has taken it from the pipe to the last byte, or has ended. */
  send(message: object | string): Promise<void> {
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    return new Promise((resolve) => this.#child.stdin?.write(`${text}\n`, () => resolve()));
  }

  /** Sends an action and resolves with the first line that the child answers. */
  async ask(message: object): Promise<unknown> {
    const before = this.lines.length;
    await this.send(message);
    return await this.answer(before);
  }

  /** The line after `before` lines. */
  async answer(before: number): Promise<unknown> {
    await until('an answer of the child', () => this.lines.length > before || !this.running);
    const line = this.lines[before];
    if (line === undefined) throw new Error(`the child ended without an answer: ${this.stderr}${this.failure ?? ''}`);
    return JSON.parse(line);
  }

  /** The error that the child said it would end of. */
  get failure(): string | null {
    const failed = this.link.find((message) => message.type === 'failed');
    return failed === undefined ? null : `${failed.code}: ${failed.message}`;
  }

  /** Sum of a counter, or the last value of a gauge, over all that the child sent. */
  metric(name: string, how: 'sum' | 'last'): number {
    const updates = this.link.flatMap((message) => (message.type === 'metrics' ? message.updates : []));
    const values = updates.filter(({ metric }) => metric === name).map(({ value }) => value);
    return how === 'last' ? (values.at(-1) ?? Number.NaN) : values.reduce((sum, value) => sum + value, 0);
  }

  closeInput(): void {
    this.#child.stdin?.end();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  pauseLink(): void {
    for (const socket of this.#sockets) socket.pause();
  }

  resumeLink(): void {
    for (const socket of this.#sockets) socket.resume();
  }

  /** As when the worker dies. */
  dropLink(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** The child's end, and all that it wrote. */
  exit(): Promise<Exit> {
    return this.#exit;
  }

  /** Leaves no process and no file. */
  async stop(): Promise<void> {
    if (this.running) this.#child.kill('SIGKILL');
    await this.#exit;
    this.dropLink();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#directory, { recursive: true, force: true });
  }
}
