-- What survives a restart. Ids, numbers, digests and states only: no names, titles, addresses or content.
-- Instants are whole seconds since 1970-01-01T00:00:00Z. State words are those of the enums in `pipeline_store`, which a test compares.

create table sequences (
    what          text    not null constraint sequences_what check (what in ('folder', 'journal')),
    municipality  text    not null,
    year          integer not null,
    last          integer not null constraint sequences_last check (last between 1 and 4294967295),
    constraint sequences_key primary key (what, municipality, year)
) strict, without rowid;

create table case_folders (
    id             integer not null primary key,
    source_system  text    not null constraint case_folders_source check (length(source_system) between 1 and 32),
    plan_id        text    not null constraint case_folders_plan check (length(plan_id) = 36),
    municipality   text    not null constraint case_folders_municipality check (municipality glob '[0-9][0-9][0-9][0-9]'),
    year           integer not null constraint case_folders_year check (year between 1900 and 9999),
    sequence       integer not null constraint case_folders_sequence check (sequence between 1 and 4294967295),
    opened_at      integer not null,
    constraint case_folders_one_per_plan unique (source_system, plan_id, municipality),
    constraint case_folders_number unique (municipality, year, sequence)
) strict;

create table documents (
    id                integer not null primary key,
    document_id       text    not null constraint documents_id check (length(document_id) = 36),
    version           integer not null constraint documents_version check (version between 1 and 9999),
    kind              text    not null constraint documents_kind check (kind not glob '*[^a-z_]*'),
    digest            text    not null constraint documents_digest check (length(digest) = 64 and digest not glob '*[^0-9a-f]*'),
    folder            integer not null constraint documents_folder references case_folders (id),
    municipality      text    not null,
    journal_year      integer not null constraint documents_journal_year check (journal_year between 1900 and 9999),
    journal_sequence  integer not null constraint documents_journal_sequence check (journal_sequence between 1 and 4294967295),
    accepted_at       integer not null,
    state             text    not null constraint documents_state check (state in ('accepted', 'archived', 'notified', 'failed')),
    attempts          integer not null default 0 constraint documents_attempts check (attempts >= 0),
    first_failed_at   integer,
    next_at           integer not null,
    last_code         text    constraint documents_last_code check (last_code not glob '*[^a-z_]*'),
    folder_version    integer constraint documents_folder_version check (folder_version >= 1),
    pdf               text    constraint documents_pdf check (length(pdf) between 1 and 200),
    inventory         text    constraint documents_inventory check (length(inventory) = 128 and inventory not glob '*[^0-9a-f]*'),
    archived_at       integer,
    constraint documents_key unique (document_id, version),
    constraint documents_duplicate_snapshot unique (digest),
    constraint documents_journal unique (municipality, journal_year, journal_sequence),
    constraint documents_archived_has_place check (
        (state in ('archived', 'notified')) = (archived_at is not null)
        and (folder_version is null) = (archived_at is null)
        and (pdf is null) = (archived_at is null)
        and (inventory is null) = (archived_at is null)
    )
) strict;

create index documents_pending on documents (id, next_at) where state = 'accepted';
create index documents_due on documents (next_at) where state = 'accepted';
create index documents_by_folder on documents (folder);
create index documents_by_state on documents (state);

create table outbox (
    id               integer not null primary key,
    dedupe_key       text    not null constraint outbox_key_length check (length(dedupe_key) between 1 and 200),
    kind             text    not null constraint outbox_kind check (kind not glob '*[^a-z_]*'),
    document_id      text,
    version          integer,
    municipality     text,
    year             integer,
    sequence         integer,
    recipient        text    not null constraint outbox_recipient check (recipient not glob '*[^a-z0-9:]*'),
    written_form     text    not null constraint outbox_written_form check (written_form in ('nb', 'nn')),
    message_id       text    constraint outbox_message_id check (length(message_id) between 1 and 200),
    state            text    not null constraint outbox_state check (state in ('queued', 'sending', 'body_sent', 'accepted', 'delivered', 'failed', 'doubtful')),
    attempts         integer not null default 0 constraint outbox_attempts check (attempts >= 0),
    first_failed_at  integer,
    queued_at        integer not null,
    next_at          integer not null,
    claimed_at       integer,
    settled_at       integer,
    last_code        text    constraint outbox_last_code check (last_code not glob '*[^a-z_]*'),
    constraint outbox_never_sent_twice unique (dedupe_key),
    constraint outbox_document foreign key (document_id, version) references documents (document_id, version),
    constraint outbox_document_whole check ((document_id is null) = (version is null)),
    constraint outbox_folder foreign key (municipality, year, sequence) references case_folders (municipality, year, sequence),
    constraint outbox_folder_whole check ((municipality is null) = (year is null) and (year is null) = (sequence is null)),
    constraint outbox_settled check ((state in ('accepted', 'delivered')) = (settled_at is not null)),
    constraint outbox_claimed check (state in ('queued', 'failed') or (message_id is not null and claimed_at is not null))
) strict;

create index outbox_due on outbox (id, next_at) where state = 'queued';
create index outbox_under_way on outbox (state) where state in ('sending', 'body_sent');
create index outbox_by_state on outbox (state);
create index outbox_by_document on outbox (document_id, version) where document_id is not null;

create table paper_list (
    id           integer not null primary key,
    document_id  text    not null,
    version      integer not null,
    recipient    text    not null constraint paper_list_recipient check (recipient not glob '*[^a-z0-9:]*'),
    listed_at    integer not null,
    constraint paper_list_once unique (document_id, version, recipient),
    constraint paper_list_document foreign key (document_id, version) references documents (document_id, version)
) strict;

create table attempts (
    id           integer not null primary key,
    document_id  text,
    version      integer,
    mail         integer constraint attempts_mail references outbox (id),
    stage        text    not null constraint attempts_stage check (stage in ('intake', 'render', 'package', 'archive', 'notify')),
    number       integer not null constraint attempts_number check (number >= 1),
    at           integer not null,
    code         text    not null constraint attempts_code check (code not glob '*[^a-z_]*'),
    detail       text    not null constraint attempts_detail check (length(detail) <= 300),
    constraint attempts_document foreign key (document_id, version) references documents (document_id, version),
    constraint attempts_document_whole check ((document_id is null) = (version is null)),
    constraint attempts_subject check (mail is not null or document_id is not null)
) strict;

create index attempts_by_document on attempts (document_id, version) where document_id is not null;
create index attempts_by_mail on attempts (mail) where mail is not null;

create table runs (
    id           text    not null constraint runs_key primary key constraint runs_id check (length(id) = 36),
    started_at   integer not null,
    finished_at  integer,
    accepted     integer not null default 0,
    known        integer not null default 0,
    refused      integer not null default 0,
    archived     integer not null default 0,
    failed       integer not null default 0,
    mailed       integer not null default 0
) strict, without rowid;
