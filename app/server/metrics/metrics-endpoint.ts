import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { energyCounter, machineGauges } from '../../core/metrics/machine-families.ts';
import { printMetrics } from '../../core/metrics/metric-text.ts';
import type { MetricsConfig } from '../../core/metrics/metrics-config.ts';
import { modelFamilies } from '../../core/metrics/model-families.ts';
import type { ListeningEndpoint } from '../../core/server-events/server-event.ts';
import { allowedHostNames, checkOrigin } from '../http/check-origin.ts';
import { errorReply, type Reply } from '../http/reply.ts';
import { listen } from '../listen.ts';
import type { MachineMonitor } from './machine-monitor.ts';
import type { ModelMetrics } from './model-metrics.ts';

/** The metrics port while it is open. */
export interface MetricsEndpoint extends ListeningEndpoint {
  close(): void;
}

/** Where the numbers come from. */
export interface MetricsSources {
  readonly config: MetricsConfig;
  readonly models: ModelMetrics;
  readonly machine: MachineMonitor;
  /** Further names that the Host header may have. */
  readonly allowedHosts: readonly string[];
}

const METRICS_TYPE = 'text/plain; charset=utf-8';

function scrape({ config, models, machine }: MetricsSources): string {
  const { counters, gauges, latencies } = modelFamilies(models.measured(), config);
  const gpus = machine.gpus();
  return printMetrics([
    ...counters,
    energyCounter(machine.joules()),
    ...gauges,
    ...machineGauges(machine.cpu(), gpus),
    ...latencies,
  ]);
}

/** Triton's metrics port answers any other path with nothing. */
function replyTo(sources: MetricsSources, { method, url = '' }: IncomingMessage): Reply {
  if (method !== 'GET') return errorReply(405, 'Method Not Allowed');
  const [path] = url.split('?');
  const text = path === '/metrics' || path === '/metrics/' ? scrape(sources) : '';
  return { status: 200, contentType: METRICS_TYPE, parts: [text] };
}

function send(response: ServerResponse, { status, contentType, parts }: Reply, isHead: boolean): void {
  const text = parts.join('');
  response.writeHead(status, status === 405 ? 'Not Allowed' : undefined, {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(isHead ? '' : text);
}

/** Opens the metrics port. Rejects with the system's error (`EADDRINUSE`, `EACCES`). */
export async function openMetricsEndpoint(
  sources: MetricsSources,
  address: string,
  port: number,
): Promise<MetricsEndpoint> {
  const allowed = allowedHostNames(address, sources.allowedHosts);
  const server = createServer((request, response) => {
    request.resume();
    send(response, checkOrigin(request, allowed) ?? replyTo(sources, request), request.method === 'HEAD');
  });
  const bound = await listen(server, address, port);
  return {
    ...bound,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
