// Turns a pinned package of the Python package index into an interpreter that has it, made once a machine.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** `moto[server]==5.2.5` → the Python program of a virtual environment with it. Rejects where there is no Python or no index. */
export const pythonWith = async (pinned: string): Promise<string> => {
  const cache = join(tmpdir(), 'vpcflow-test-cache');
  const home = join(cache, pinned.replace(/\[.*\]/, '').replace('==', '-'));
  const python = join(home, 'bin', 'python');
  if (await stat(python).catch(() => null)) return python;
  await mkdir(cache, { recursive: true });
  const building = await mkdtemp(`${home}-`);
  try {
    await run('python3', ['-m', 'venv', building]);
    await run(join(building, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', pinned]);
    // Only whole environments get the name; whoever else built one at the same time was as good.
    await rename(building, home).catch(async (error: unknown) => {
      if (!(await stat(python).catch(() => null))) throw error;
    });
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return python;
};
