-- Jobs, their attempts, queues, workers and schedules. Ids, digests and numbers only.
-- Times of jobs and workers are milliseconds since 1970-01-01T00:00:00Z, read from the database's clock; those of schedules whole
-- seconds. State words are those of the enums in `pipeline_store`, which a test compares.

create table jobs (
    -- Never given twice, also after the newest row was pruned.
    id                integer not null primary key autoincrement,
    kind              text    not null constraint jobs_kind check (length(kind) between 1 and 80),
    queue             text    not null constraint jobs_queue check (length(queue) between 1 and 80),
    args              text    not null constraint jobs_args check (length(cast(args as blob)) <= 8192 and json_type(args) = 'object'),
    state             text    not null constraint jobs_state check (state in ('ready', 'waiting', 'running', 'done', 'dead', 'cancelled')),
    priority          integer not null constraint jobs_priority check (priority between 0 and 9),
    -- 0: due at once, whatever the clock says. Set to 0 when the time has come.
    run_at            integer not null constraint jobs_run_at check (run_at >= 0),
    -- Since when it has been due, or when it will be: ages and the order of claims. For a waiting job, since when it waits.
    due_at            integer not null,
    lane              text    constraint jobs_lane check (length(lane) between 1 and 80),
    -- Place among those that wait in the lane; null for all others.
    lane_place        integer,
    unique_key        text    constraint jobs_unique_key check (length(unique_key) between 1 and 200),
    -- Claims so far: the fencing token. Only grows.
    attempt           integer not null default 0 constraint jobs_attempt check (attempt >= 0),
    failures          integer not null default 0 constraint jobs_failures check (failures >= 0),
    first_failed_at   integer,
    max_failures      integer not null constraint jobs_max_failures check (max_failures >= 1),
    worker            text    constraint jobs_worker check (length(worker) = 36),
    lease_until       integer,
    claimed_at        integer,
    cancel_requested  integer not null default 0 constraint jobs_cancel_requested check (cancel_requested in (0, 1)),
    progress          text    constraint jobs_progress check (json_valid(progress)),
    result            text    constraint jobs_result check (json_valid(result)),
    last_code         text    constraint jobs_last_code check (last_code not glob '*[^a-z_]*'),
    created_at        integer not null,
    finished_at       integer,
    constraint jobs_finished_has_end check ((state in ('done', 'dead', 'cancelled')) = (finished_at is not null)),
    constraint jobs_running_has_lease check (
        (state = 'running') = (lease_until is not null)
        and (state = 'running') = (worker is not null)
        and (state = 'running') = (claimed_at is not null)
    ),
    constraint jobs_waiting_has_place check ((state = 'waiting') = (lane_place is not null) and (lane_place is null or lane is not null))
) strict;

-- Every index is small: what is done stands only in the one that pruning reads.
create index jobs_ready on jobs (queue, priority, due_at, id) where state = 'ready' and run_at = 0;
create index jobs_scheduled on jobs (queue, run_at) where state = 'ready' and run_at > 0;
create index jobs_waiting on jobs (lane, lane_place, queue) where state = 'waiting';
create index jobs_running on jobs (lease_until, queue) where state = 'running';
create index jobs_dead on jobs (queue) where state = 'dead';
create index jobs_dead_key on jobs (unique_key) where state = 'dead' and unique_key is not null;
create index jobs_finished on jobs (state, finished_at) where state in ('done', 'cancelled');
-- Of a lane at most one is in hand or about to be.
create unique index jobs_head on jobs (lane) where lane is not null and state in ('ready', 'running');
-- The key first: a document's jobs are found by it, whatever their kind.
create unique index jobs_unique on jobs (unique_key, kind) where unique_key is not null and state in ('ready', 'waiting', 'running');

create table job_attempts (
    job         integer not null constraint job_attempts_job references jobs (id) on delete cascade,
    attempt     integer not null constraint job_attempts_attempt check (attempt >= 1),
    worker      text    not null constraint job_attempts_worker check (length(worker) = 36),
    started_at  integer not null,
    ended_at    integer not null,
    outcome     text    not null constraint job_attempts_outcome check (outcome in ('done', 'failed', 'lease_lost', 'returned', 'snoozed', 'cancelled')),
    code        text    constraint job_attempts_code check (code not glob '*[^a-z_]*'),
    detail      text    not null default '' constraint job_attempts_detail check (length(detail) <= 300),
    constraint job_attempts_key primary key (job, attempt)
) strict, without rowid;

-- Only queues that somebody has paused or limited.
create table queues (
    name         text    not null constraint queues_key primary key,
    paused       integer not null default 0 constraint queues_paused check (paused in (0, 1)),
    max_running  integer constraint queues_max_running check (max_running >= 0)
) strict, without rowid;

create table workers (
    id          text    not null constraint workers_key primary key constraint workers_id check (length(id) = 36),
    place       text    not null,
    version     text    not null,
    -- A JSON array of names.
    queues      text    not null constraint workers_queues check (json_type(queues) = 'array'),
    started_at  integer not null,
    seen_at     integer not null
) strict, without rowid;

create table schedules (
    name          text    not null constraint schedules_key primary key,
    rule          text    not null,
    next_fire_at  integer not null,
    last_fire_at  integer,
    last_job      integer
) strict, without rowid;

-- Kept also when the schedule or the job is gone.
create table schedule_fires (
    name     text    not null,
    fire_at  integer not null,
    job      integer,
    constraint schedule_fires_key primary key (name, fire_at)
) strict, without rowid;
