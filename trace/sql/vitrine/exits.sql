-- Exits: each time that a guest trapped to EL2, until it went on.
--
--   trace_processor_shell query --add-sql-package trace/sql/vitrine -f QUERY.sql out/run.pftrace
--   INCLUDE PERFETTO MODULE vitrine.exits;

-- What vtrace gives an exit as its category. A test holds this list to trace/host/names.c.
CREATE PERFETTO VIEW vitrine_exit_classes AS
SELECT 'hypercall' AS class
UNION ALL SELECT 'mmio'
UNION ALL SELECT 'sysreg'
UNION ALL SELECT 'irq'
UNION ALL SELECT 'psci'
UNION ALL SELECT 'fault'
UNION ALL SELECT 'idle'
UNION ALL SELECT 'sgi'
UNION ALL SELECT 'debug'
UNION ALL SELECT 'other';

-- One row an exit: when, how long (ns), what (name, class), whose (vm, vcpu, utid), and its arguments' set. Exits of one vCPU do not
-- overlap, and lie on the lowest level of its track; what is recorded inside them does not. Process 1 is the hypervisor.
CREATE PERFETTO VIEW vitrine_exits AS
SELECT
  slice.id,
  slice.ts,
  slice.dur,
  slice.name,
  slice.category AS class,
  process.name AS vm,
  thread.name AS vcpu,
  thread.utid,
  slice.arg_set_id
FROM slice
JOIN thread_track ON slice.track_id = thread_track.id
JOIN thread ON thread_track.utid = thread.utid
JOIN process ON thread.upid = process.upid
WHERE
  slice.category IN (SELECT class FROM vitrine_exit_classes)
  AND slice.depth = 0
  AND process.pid != 1
  AND slice.name NOT GLOB 'sgi send*'
  AND slice.name NOT GLOB 'debugger*';

-- The table of `vtrace stat --by name`: what the guests' exits were for, what took most time first.
CREATE PERFETTO VIEW vitrine_by_reason AS
SELECT
  class,
  name,
  count(*) AS exits,
  sum(dur) AS total_ns,
  sum(dur) * 1.0 / count(*) AS mean_ns,
  min(dur) AS min_ns,
  max(dur) AS max_ns
FROM vitrine_exits
GROUP BY class, name
ORDER BY total_ns DESC, name;

-- Waiting for an interrupt (WFI, WFE): how often and how long each vCPU slept, and which part of the trace that was.
CREATE PERFETTO VIEW vitrine_wfi_idle AS
SELECT
  vm,
  vcpu,
  count(*) AS sleeps,
  sum(dur) AS idle_ns,
  max(dur) AS longest_ns,
  sum(dur) * 1.0 / (SELECT max(ts + dur) - min(ts) FROM vitrine_exits) AS share
FROM vitrine_exits
WHERE class = 'idle'
GROUP BY utid
ORDER BY vm, vcpu;
