// Counts what the query server does, for Prometheus.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface ServerMetrics {
  readonly registry: Registry;
  readonly requests: Counter<'route' | 'method' | 'status'>;
  readonly seconds: Histogram<'route'>;
  readonly inFlight: Gauge;
  readonly refused: Counter<'reason'>;
  readonly cancelled: Counter<'reason'>;
}

/** Metrics of one server: two servers of a process share nothing. */
export function serverMetrics(): ServerMetrics {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    requests: new Counter({
      name: 'vpcflow_http_requests_total',
      help: 'Requests by route, method and status.',
      labelNames: ['route', 'method', 'status'],
      registers,
    }),
    seconds: new Histogram({
      name: 'vpcflow_http_request_duration_seconds',
      help: 'Time from the request to the last byte of its answer.',
      labelNames: ['route'],
      buckets: [0.01, 0.05, 0.2, 0.5, 1, 5, 20, 60],
      registers,
    }),
    inFlight: new Gauge({ name: 'vpcflow_http_requests_in_flight', help: 'Requests held now.', registers }),
    refused: new Counter({
      name: 'vpcflow_http_refused_total',
      help: 'Requests refused before they were answered: host, origin or busy.',
      labelNames: ['reason'],
      registers,
    }),
    cancelled: new Counter({
      name: 'vpcflow_queries_cancelled_total',
      help: 'Queries ended before their answer was whole: client, timeout or shutdown.',
      labelNames: ['reason'],
      registers,
    }),
  };
}
