// Turns the health of the worker in a container into the exit status that Docker asks for: 0 healthy, 1 not.
//     node healthcheck.ts /proc/1/cmdline
import { readFileSync } from 'node:fs';

/** Less than the HEALTHCHECK's own, so that there are words for it. */
const TIMEOUT = 4_000; // ms

const OPTION = '--metrics-port';

/** Where the worker serves its health, as it reads its command line: the option goes before the variable. */
const portOf = (words: readonly string[], variable: string | undefined): number | null => {
  if (!words.includes('digest')) return null; // no other command has it
  const given = words.flatMap((word, i) => {
    if (word === OPTION) return words[i + 1] ?? [];
    return word.startsWith(`${OPTION}=`) ? word.slice(OPTION.length + 1) : [];
  });
  const port = Number(given.at(-1) ?? variable ?? '');
  return port > 0 ? port : null; // 0 takes any free one
};

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const [, , commandLine = '/proc/1/cmdline'] = process.argv;
const port = portOf(readFileSync(commandLine, 'utf8').split('\0'), process.env.VPCFLOW_METRICS_PORT);
if (port === null) {
  say('nothing is asked: there is no --metrics-port');
} else {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(TIMEOUT) });
    say((await answer.text()).trim());
    process.exitCode = answer.ok ? 0 : 1;
  } catch (error) {
    const why = error instanceof Error ? (error.cause ?? error) : error;
    say(`/healthz of port ${port} does not answer: ${why}`);
    process.exitCode = 1;
  }
}
