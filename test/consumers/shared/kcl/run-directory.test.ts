// Shows that a worker's directory is its own, that its launcher keeps standard output from the protocol, and what it refuses.
import { execFile, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readChildFile } from '../../../../consumers/shared/kcl/child-file.ts';
import { createRunDirectory } from '../../../../consumers/shared/kcl/run-directory.ts';

const outside = process.env.TMPDIR;
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'run-'));
  process.env.TMPDIR = directory;
});
afterEach(async () => {
  if (outside === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = outside;
  await rm(directory, { recursive: true });
});

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

test('it is nobody else’s, young when touched, and gone when removed', async () => {
  const made = await createRunDirectory();
  await made.writeProperties('a = b\n');
  await made.writeChild(new URL('file:///child.ts'), { secret: 1 });
  expect(await modeOf(made.path)).toBe('700');
  expect(await modeOf(made.properties)).toBe('600');
  expect(await modeOf(join(made.path, 'child.json'))).toBe('600');
  expect(await modeOf(made.launcher)).toBe('700');
  expect(await readFile(made.properties, 'utf8')).toBe('a = b\n');
  await utimes(made.launcher, 0, 0);
  await made.touch();
  expect((await stat(made.launcher)).mtimeMs).toBeGreaterThan(1e12);
  made.remove();
  made.remove();
  expect(await readdir(directory)).toEqual([]);
});

test('the launcher runs the module wherever it lies, with the protocol at 3 and its standard output on standard error', async () => {
  const odd = join(directory, "it's a $HOME `module`");
  await mkdir(odd);
  const child = join(odd, 'child.mjs');
  await writeFile(
    child,
    `import { writeSync } from 'node:fs';
     console.log('stray'); writeSync(3, process.env.VPCFLOW_KCL_CHILD + '\\n'); writeSync(1, 'native\\n');`,
  );
  const made = await createRunDirectory();
  await made.writeChild(pathToFileURL(child), { a: [1, 'x\u2028'] });
  const { stdout, stderr } = await promisify(execFile)(made.launcher);
  expect(stdout).toBe(`${join(made.path, 'child.json')}\n`);
  expect(stderr).toBe('stray\nnative\n');
  const read = readChildFile({ VPCFLOW_KCL_CHILD: stdout.trim() });
  expect(read).toEqual({ socket: made.socket, configuration: { a: [1, 'x\u2028'] } });
  made.remove();
});

test.each([
  ['has a space', 'with a space', 'white space'],
  ['is too long', 'x'.repeat(100), 'too long'],
])('a temporary directory whose name %s is refused, and left as it was', async (_, name, what) => {
  process.env.TMPDIR = join(directory, name);
  await mkdir(process.env.TMPDIR);
  const error = await createRunDirectory().catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'VF_ENGINE', message: expect.stringContaining(what) });
  expect(error).toMatchObject({ help: expect.stringContaining('TMPDIR') });
  expect(await readdir(process.env.TMPDIR)).toEqual([]);
});

test('a temporary directory that is not there is an error with what to do', async () => {
  process.env.TMPDIR = join(directory, 'none');
  await expect(createRunDirectory()).rejects.toMatchObject({
    ...{ code: 'VF_ENGINE', message: expect.stringContaining(process.env.TMPDIR) },
    help: expect.stringContaining('free space or set TMPDIR'),
  });
});

test('a file that cannot be written, as on a full disk, is an error with its path and what to do', async () => {
  const made = await createRunDirectory();
  await rm(made.path, { recursive: true });
  const error = {
    ...{ code: 'VF_ENGINE', message: expect.stringContaining(made.path) },
    help: expect.stringContaining('free space or set TMPDIR'),
  };
  await expect(made.writeProperties('')).rejects.toMatchObject(error);
  await expect(made.writeChild(new URL('file:///child.ts'), {})).rejects.toMatchObject(error);
  made.remove();
});

test('a child that no worker started says so', () => {
  expect(() => readChildFile({})).toThrow('VPCFLOW_KCL_CHILD');
  expect(() => readChildFile({ VPCFLOW_KCL_CHILD: join(directory, 'none') })).toThrow('cannot be read');
});

test('it goes with the process that forgot to remove it', () => {
  const module = new URL('../../../../consumers/shared/kcl/run-directory.ts', import.meta.url).href;
  const program = `const { createRunDirectory } = await import('${module}'); await createRunDirectory(); process.exit(3);`;
  const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, TMPDIR: directory },
  });
  expect(status).toBe(3);
  return expect(readdir(directory)).resolves.toEqual([]);
});
