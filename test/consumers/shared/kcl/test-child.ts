// Stands in for a consumer's child process in tests of the worker: answers the protocol by hand, and dies as its configuration says.
import { writeSync } from 'node:fs';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import { readChildFile } from '../../../../consumers/shared/kcl/child-file.ts';
import { type LinkMessage, linkLine } from '../../../../consumers/shared/kcl/link-messages.ts';

/** `crash`: when initialized, without a word. `fail`: with its last word. `busy`: never answers a shutdown. */
export type TestChild = { readonly does: 'well' | 'crash' | 'fail' | 'busy' | 'late-crash'; readonly shard?: string };

const PROTOCOL = 3;

const { socket, configuration } = readChildFile(process.env);
// The test that wrote it is what reads it.
const { does, shard } = configuration as TestChild;
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => {});
process.stderr.write(`raw words of child ${process.pid}\n`);
console.log('a stray line');

const link = createConnection(socket);
const tell = (message: LinkMessage): void => void link.write(linkLine(message));
link.on('close', () => process.exit(1));
link.on('error', () => process.exit(1));
link.resume();
tell({ type: 'hello', pid: process.pid });

const answer = (action: string): void => {
  writeSync(PROTOCOL, `\n{"action":"status","responseFor":"${action}"}\n`);
};

const initialize = (shardId: string): void => {
  tell({ type: 'shard', shard: shardId });
  tell({ type: 'log', level: 'info', message: 'initialized', fields: { odd: 'a\nb' } });
  tell({ type: 'metrics', updates: [{ metric: 'records', value: 3, labels: { shard: shardId } }] });
  if (does === 'busy' || does === 'well' || does === 'late-crash' || (shard !== undefined && shard !== shardId)) {
    answer('initialize');
    return;
  }
  const last: LinkMessage = { type: 'failed', code: 'VF_CLAIM_LOST', message: 'the epoch is lost', help: 'wait' };
  if (does === 'crash') link.write('', () => process.kill(process.pid, 'SIGKILL'));
  else link.end(linkLine(last), () => process.exit(1));
};

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const { action, shardId = '' }: { action: string; shardId?: string } = JSON.parse(line);
  if (action === 'initialize') initialize(shardId);
  else if (does === 'late-crash') process.kill(process.pid, 'SIGKILL');
  else if (does !== 'busy') answer(action);
});
lines.on('close', () => {
  if (does === 'busy') {
    for (;;); // as code that loops: no event reaches it any more
  }
  link.removeAllListeners('close');
  link.end(linkLine({ type: 'end', reason: 'lease-lost' }), () => process.exit(0));
});
