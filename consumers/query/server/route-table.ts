// Every route of the query server, in the order of /openapi.json. A new one is a file in routes/ and a line here.

import { auditRoute } from '../routes/audit.ts';
import { coverageRoute } from '../routes/coverage.ts';
import { diffRoute } from '../routes/diff.ts';
import { docsRoutes } from '../routes/docs.ts';
import { filterRoute } from '../routes/filter.ts';
import { graphRoute } from '../routes/graph.ts';
import { healthRoutes } from '../routes/health.ts';
import { metricsRoute } from '../routes/metrics.ts';
import { mirroringSessionsRoute } from '../routes/mirroring-sessions.ts';
import { openapiRoute } from '../routes/openapi.ts';
import { pageRoutes } from '../routes/page.ts';
import { predecessorRoutes } from '../routes/predecessor.ts';
import { rowsRoute } from '../routes/rows.ts';
import { seriesRoute } from '../routes/series.ts';
import type { RegisterRoutes } from './route.ts';

export const ROUTES: readonly RegisterRoutes[] = [
  rowsRoute,
  graphRoute,
  diffRoute,
  seriesRoute,
  coverageRoute,
  auditRoute,
  mirroringSessionsRoute,
  filterRoute,
  healthRoutes,
  metricsRoute,
  openapiRoute,
  docsRoutes,
  pageRoutes,
  predecessorRoutes,
];
