#!/bin/sh
# The loop against wrk and against the raw ceiling: one thread, 64 keep-alive connections, nginx with
# one worker answering 12 bytes; requests per CPU-second of the generator, in interleaved rounds.
#   bench/loop.sh BUILD_DIRECTORY [ROUNDS] [SECONDS]
set -eu
build=$(realpath "$1")
rounds=${2:-5}
seconds=${3:-2}
port=${BRUNT_BENCH_PORT:-18917}
work=$(mktemp -d)
trap 'nginx -p "$work" -c nginx.conf -s stop 2>/dev/null; sleep 0.2; rm -rf "$work"' EXIT
cat > "$work/nginx.conf" <<CONF
worker_processes 1;
pid nginx.pid;
error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 3600;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  server { listen 127.0.0.1:$port backlog=4096; location / { default_type text/plain; return 200 "hello world\n"; } }
}
CONF
chmod 755 "$work"
nginx -p "$work" -c nginx.conf

wrk_round() {
  python3 - "$port" "$seconds" <<'PYTHON'
import re, resource, subprocess, sys
port, seconds = sys.argv[1:]
output = subprocess.run(["wrk", "-t1", "-c64", f"-d{seconds}s", f"http://127.0.0.1:{port}/"],
                        capture_output=True, text=True, check=True).stdout
used = resource.getrusage(resource.RUSAGE_CHILDREN)
count = int(re.search(r"(\d+) requests in", output).group(1))
print(f"wrk {count / (used.ru_utime + used.ru_stime):.0f} requests per CPU-second, {count / float(seconds):.0f} per second")
PYTHON
}

for round in $(seq "$rounds"); do
  wrk_round
  "$build/bench/raw_uring" "$port" "$seconds"
  "$build/bench/stream_load" io_uring "$port" "$seconds"
  "$build/bench/stream_load" epoll "$port" "$seconds"
done | tee "$work/figures"
echo "--- medians, requests per CPU-second"
python3 - "$work/figures" <<'PYTHON'
import statistics, sys
figures = {}
for line in open(sys.argv[1]):
    name, figure = line.split()[:2]
    figures.setdefault(name, []).append(float(figure))
base = statistics.median(figures["wrk"])
for name, values in figures.items():
    median = statistics.median(values)
    print(f"{name:22} {median:9.0f}  ({min(values):.0f} to {max(values):.0f})  {median / base:.2f} x wrk")
PYTHON
