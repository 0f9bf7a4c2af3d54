-- Where the time of a vCPU went while it had a physical CPU.

INCLUDE PERFETTO MODULE vitrine.exits;

-- How long each vCPU had a CPU, how much of that EL2 took for its exits, and how much the guest had itself. Waiting does not count:
-- the vCPU has no CPU then.
CREATE PERFETTO VIEW vitrine_el2_share AS
SELECT
  process.name AS vm,
  thread.name AS vcpu,
  ran.ns AS running_ns,
  coalesce(el2.ns, 0) AS el2_ns,
  ran.ns - coalesce(el2.ns, 0) AS guest_ns,
  coalesce(el2.ns, 0) * 1.0 / ran.ns AS share
FROM (SELECT utid, sum(dur) AS ns FROM sched WHERE dur > 0 GROUP BY utid) AS ran
JOIN thread ON thread.utid = ran.utid
JOIN process ON thread.upid = process.upid
LEFT JOIN (
  SELECT utid, sum(dur) AS ns FROM vitrine_exits WHERE class != 'idle' AND dur > 0 GROUP BY utid
) AS el2 ON el2.utid = ran.utid
ORDER BY vm, vcpu;
