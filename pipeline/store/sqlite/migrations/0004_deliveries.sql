-- What became of each message to a municipality's case archive. Ids, numbers, instants and words of ours only. Instants are whole
-- seconds since 1970-01-01T00:00:00Z.

create table deliveries (
    id           integer not null primary key,
    folder       integer not null constraint deliveries_folder references case_folders (id),
    document_id  text    not null,
    version      integer not null,
    part         text    not null constraint deliveries_part check (part in ('reopening', 'document', 'closing')),
    state        text    not null constraint deliveries_state check (state in ('waiting', 'sent', 'received', 'doubtful', 'refused', 'failed', 'accepted', 'moot')),
    code         text    constraint deliveries_code check (code not glob '*[^a-z_]*'),
    life         text    not null constraint deliveries_life check (length(life) <= 32000 and json_type(life) = 'object'),
    -- 1: the case folder holds what the life tells of answers.
    kept         integer not null constraint deliveries_kept check (kept in (0, 1)),
    revision     integer not null constraint deliveries_revision check (revision >= 0),
    opened_at    integer not null,
    changed_at   integer not null,
    next_at      integer,
    constraint deliveries_once unique (document_id, version, part),
    constraint deliveries_document foreign key (document_id, version) references documents (document_id, version)
) strict;

create index deliveries_of_folder on deliveries (folder);
create index deliveries_by_state on deliveries (state);
create index deliveries_due on deliveries (next_at) where next_at is not null;
create index deliveries_to_keep on deliveries (id) where kept = 0;

-- Which delivery a message belongs to. Written before the message is handed over.
create table delivery_messages (
    message_id  text    not null constraint delivery_messages_key primary key constraint delivery_messages_id check (length(message_id) = 36),
    delivery    integer not null constraint delivery_messages_delivery references deliveries (id)
) strict, without rowid;
