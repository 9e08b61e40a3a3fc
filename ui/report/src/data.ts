// The data that stands in the page: report/json.cc writes `report`, report/charts.cc `charts`.

export interface Latency {
  count: number; avg: number; min: number; p50: number; p90: number; p95: number; p99: number;
  p99_9: number; max: number;
}
export type Interval = [number, number] | null;

export interface RequestRow {
  name: string; metric: string; rate: number; failed: number; failed_share: number;
  latency_ms: Latency;
  interval_95_ms?: { p50: Interval; p90: Interval; p95: Interval; p99: Interval };
}
export interface Arrivals {
  planned: number; dropped: number; dropped_share: number; censored: boolean;
  response_ms: Latency; service_ms: Latency;
}
export interface Threshold {
  selector: string; expression: string; passed: boolean; measured: number | null;
  measured_text: string; aborted_run: boolean;
}
export interface Check { name: string; group: string; passes: number; fails: number }
export interface ErrorCause { words: string; code: string; request: string; count: number }
export interface Band { from_ms: number; to_ms: number; kind: string; text: string }
export interface Scenario {
  name: string; executor: string; description: string; start_ms: number; duration_ms: number;
  vus_max: number; open_model: boolean; iterations_completed: number;
  iterations_interrupted: number; iterations_dropped: number; iterations_late: number;
}
export interface MetricLine {
  name: string; kind: 'counter' | 'gauge' | 'rate' | 'trend';
  contains: 'default' | 'time' | 'data'; values: Record<string, number>;
}
export interface GeneratorHealth {
  cpu_cores_mean: number; cpu_cores_max: number; busiest_thread_max: number;
  loop_lag_max_ms: number; schedule_slip_ms: Latency | null; own_delay_max_ms: number; dropped: number;
}
export interface ServiceRow {
  name: string; cpu_cores_mean: number; cpu_cores_max: number; cpu_system_cores_mean: number;
  rss_bytes_max: number; processes_max: number; threads_max: number; descriptors_max: number;
  switches_voluntary_rate: number; switches_involuntary_rate: number;
  disk_read_bytes: number; disk_written_bytes: number;
}
export interface Host {
  cpu_cores_mean: number; cpu_cores_max: number;
  pressure_cpu: number | null; pressure_memory: number | null; pressure_io: number | null;
}
export interface Report {
  run: {
    id: string; plan: string; arguments: string[]; status: string; outcome: string;
    exit_code: number; verdict: string; started: string; ended: string | null;
    duration_ms: number; warm_up_ms: number; time_scale: number; seed: string;
    environment: { host: string; kernel: string; cores: number; backend: string; brunt: string };
  };
  window_s: [number, number];
  thresholds: Threshold[];
  checks: Check[];
  all_requests: RequestRow | null;
  requests: RequestRow[];
  arrivals: Arrivals | null;
  errors: ErrorCause[];
  scenarios: Scenario[];
  metrics: MetricLine[];
  generator: GeneratorHealth | null;
  services: ServiceRow[];
  host: Host | null;
  events: Band[];
  subjects: { subject: string; metric: string; value: number }[];
  notes: string[];
}

export type Values = (number | null)[];
export interface Percentiles { p50: Values; p90: Values; p95: Values; p99: Values; max: Values }
export interface Curve { x: number[]; ms: number[] }
export interface Charts {
  step_s: number; steps: number;
  rate: Values; failed: Values; iterations: Values; dropped: Values; sent: Values;
  received: Values;
  latency: Percentiles; response?: Percentiles;
  heat: { edges_ms: number[]; cells: number[] } | null;
  heat_is: 'response' | 'service';  // Whose times the heat map shows.
  vus?: Values; vus_max?: Values;
  generator?: { cpu_cores: Values; slip_p99: Values; lag_max: Values };
  services?: { name: string; cpu_cores: Values; rss: Values }[];
  curve_service: Curve | null; curve_response: Curve | null;
}
export interface LogLine {
  time: string; event: string; stage: string; client_id: string; log_id: string; error: string;
}
export interface PageData {
  report: Report; charts: Charts; plan_text: string; logs: LogLine[]; log_lines: number;
}
