-- With the people whom today's links say: of several devices of one, the last in both.
select
    archived.funnel_id,
    archived.user_id,
    archived.thread_id,
    max(archived.closed_at) as closed_at
from (
    {{ archived_rows('arc_funnel_openings', ['funnel_id', 'thread_id', 'closed_at']) }}
) as archived
group by archived.funnel_id, archived.user_id, archived.thread_id
