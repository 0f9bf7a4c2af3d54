-- Interrupts on their way, by the trace's flow arrows. Names are those of trace/events.def in lower case; a test holds them to it.

-- One row an interrupt that a guest has acknowledged: from its becoming pending to the acknowledgement, and on to its end. The
-- hypervisor sees both at the guest's next exit, so these are upper bounds.
CREATE PERFETTO VIEW vitrine_irq_latency AS
SELECT
  way.trace_id AS flow_id,
  thread.name AS vcpu,
  substr(max(CASE WHEN slice.name GLOB 'virq inject *' THEN slice.name END), 13) AS interrupt,
  min(CASE WHEN slice.name GLOB 'virq inject *' THEN slice.ts END) AS injected_ts,
  min(CASE WHEN slice.name GLOB 'virq ack *' THEN slice.ts END)
  - min(CASE WHEN slice.name GLOB 'virq inject *' THEN slice.ts END) AS until_ack_ns,
  max(CASE WHEN slice.name GLOB 'virq eoi *' THEN slice.ts END)
  - min(CASE WHEN slice.name GLOB 'virq inject *' THEN slice.ts END) AS until_eoi_ns
FROM (
  SELECT trace_id, slice_out AS slice_id FROM flow
  UNION
  SELECT trace_id, slice_in FROM flow
) AS way
JOIN slice ON slice.id = way.slice_id
JOIN thread_track ON slice.track_id = thread_track.id
JOIN thread ON thread_track.utid = thread.utid
WHERE slice.category = 'virq'
GROUP BY way.trace_id
HAVING until_ack_ns IS NOT NULL OR until_eoi_ns IS NOT NULL;

-- One row for each vCPU that an SGI was sent to: who sent it when, and how long it took to become pending there.
CREATE PERFETTO VIEW vitrine_sgi_flows AS
SELECT
  sent.ts,
  sent.name,
  sender.name AS sender,
  receiver.name AS receiver,
  arrived.ts - sent.ts AS latency_ns
FROM flow
JOIN slice AS sent ON flow.slice_out = sent.id
JOIN slice AS arrived ON flow.slice_in = arrived.id
JOIN thread_track AS sender_track ON sent.track_id = sender_track.id
JOIN thread AS sender ON sender_track.utid = sender.utid
JOIN thread_track AS receiver_track ON arrived.track_id = receiver_track.id
JOIN thread AS receiver ON receiver_track.utid = receiver.utid
WHERE sent.name GLOB 'sgi send*'
ORDER BY sent.ts;
