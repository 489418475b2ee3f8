-- One request, over and over, and what became of it as JSON.
wrk.method = "POST"
local file = io.open(os.getenv("BENCH_BODY"), "rb")
wrk.body = file:read("*a")
file:close()

function done(summary, latency)
  local errors = summary.errors
  local faults = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    '\nRESULT {"requests":%d,"p50":%.0f,"p99":%.0f,"p999":%.0f,"faults":%d}\n',
    summary.requests, latency:percentile(50), latency:percentile(99), latency:percentile(99.9), faults))
end
