// Turns "this machine lacks what the test needs" into a loud skip, or into a failure where everything has to be there.

/**
 * Whether tests that need `name` run: `describe.skipIf(!requirement('Graphviz', hasDot, 'compares with dot'))`.
 * Without it they are skipped with a warning; with VPCFLOW_TEST_ALL=1 its absence fails the file instead.
 */
export const requirement = (name: string, available: boolean, why: string): boolean => {
  if (available) return true;
  if (process.env.VPCFLOW_TEST_ALL === '1')
    throw new Error(`${name} is missing, and VPCFLOW_TEST_ALL=1 skips nothing: ${why}`);
  console.warn(`SKIPPED: ${name} is missing: ${why}`);
  return false;
};
