// `vpcflow audit`: proves that every line of a store is counted out, or names the gap.
import { auditJson, auditRemarks, auditTable, auditVerdict } from '../pipeline/audit/report.ts';
import { parseWindow } from '../pipeline/window/window.ts';
import { auditStore } from './shared/audit/audit-store.ts';
import type { Run } from './shared/command.ts';
import { openStoreToRead } from './shared/query/read-store.ts';

export const run: Run = async ({ options, stdout, stderr, clock, signal }) => {
  const { start, stop, store, auditFormat } = options;
  const whole = start === null && stop === null;
  // Records arrive after they began: a window without an end goes on to now.
  const window = whole ? null : parseWindow(start ?? undefined, stop ?? 'now', clock.now());
  const result = await auditStore(await openStoreToRead(store), { window, signal });
  if (auditFormat === 'json') {
    stdout.write(auditJson(result));
    // The shape of the JSON is fixed: what it has no place for goes to whoever watches.
    for (const remark of auditRemarks(result)) stderr.write(`${remark}\n`);
    if (!result.report.ok) stderr.write(`${auditVerdict(result)}\n`);
  } else stdout.write(auditTable(result));
  return result.report.ok ? 0 : 1;
};
