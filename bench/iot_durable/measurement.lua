-- wrk script: every connection's thread sends measurements of its own devices, and counts what was
-- answered with 200. The devices' ids come from the file that `run` makes.
local ids = {}
local index = 0
local counter = 0
local threads = {}

function setup(thread)
  thread:set("first", counter)
  counter = counter + 1
  table.insert(threads, thread)
end

function init(args)
  for line in io.lines(args[1]) do ids[#ids + 1] = line end
  index = first * 7919
  accepted = 0
  other = 0
  math.randomseed(first + 1)
end

function request()
  index = index + 1
  local body = string.format(
    '{"id":%d,"time":%d,"charge_now":%d,"charge_full":100,"charge_rate":%.3f,"ambient_temp":%.2f,"water_temp":%.2f,"water_level":%d}',
    index, 1790000000000 + index, math.random(0, 100), math.random() * 200 - 100,
    20 + math.random() * 40, 20 + math.random() * 40, math.random(0, 100))
  return wrk.format("POST", "/measurement",
    { ["servant-auth-cookie"] = ids[index % #ids + 1], ["Content-Type"] = "application/json" }, body)
end

function response(status)
  if status == 200 then accepted = accepted + 1 else other = other + 1 end
end

function done(summary, latency)
  local accepted_all, other_all = 0, 0
  for _, thread in ipairs(threads) do
    accepted_all = accepted_all + thread:get("accepted")
    other_all = other_all + thread:get("other")
  end
  io.write(string.format("answered %d others %d seconds %.3f p50_ms %.3f p99_ms %.3f max_ms %.3f\n",
    accepted_all, other_all, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, latency.max / 1e3))
end
