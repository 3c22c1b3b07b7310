-- What plans have lived through: facts of events and documents, who holds the one place of a person, and which addresses take no mail.
-- Ids, digests, keyed digests, instants and words of ours only. Instants are whole seconds since 1970-01-01T00:00:00Z.

create table plan_facts (
    id              integer not null primary key,
    folder          integer not null constraint plan_facts_folder references case_folders (id),
    -- Exactly one of event and document.
    event_id        text    constraint plan_facts_event check (length(event_id) = 36),
    document_id     text,
    version         integer,
    digest          text    not null constraint plan_facts_digest check (length(digest) = 64 and digest not glob '*[^0-9a-f]*'),
    -- 1: the event's file tells how the lead is reached.
    tells_contacts  integer not null constraint plan_facts_tells_contacts check (tells_contacts = 0 or (tells_contacts = 1 and event_id is not null)),
    kind            text    not null constraint plan_facts_kind check (kind not glob '*[^a-z_.]*'),
    happened_at     integer not null,
    recorded_at     integer not null,
    -- The next two stand in `about` as well.
    matter          text    constraint plan_facts_matter check (length(matter) = 36),
    ends            integer,
    about           text    not null constraint plan_facts_about check (length(about) <= 2000 and json_type(about) = 'object'),
    constraint plan_facts_event_once unique (event_id),
    constraint plan_facts_document foreign key (document_id, version) references documents (document_id, version),
    constraint plan_facts_document_whole check ((document_id is null) = (version is null)),
    constraint plan_facts_source check ((event_id is null) <> (document_id is null))
) strict;

-- Small indexes: every document that is taken in pays for each that it stands in.
create index plan_facts_of_folder on plan_facts (folder, happened_at);
create unique index plan_facts_document_once on plan_facts (document_id, version) where document_id is not null;
create unique index plan_facts_event_digest on plan_facts (digest) where event_id is not null;
create index plan_facts_contacts on plan_facts (folder, happened_at) where tells_contacts = 1;
create index plan_facts_closings on plan_facts (folder, happened_at) where kind in ('document.closing_note', 'document.reopening_note');

create table plan_slots (
    slot    text    not null constraint plan_slots_key primary key constraint plan_slots_slot check (length(slot) = 64 and slot not glob '*[^0-9a-f]*'),
    folder  integer not null constraint plan_slots_folder references case_folders (id),
    constraint plan_slots_one_per_plan unique (folder)
) strict, without rowid;

create table addresses (
    address       text    not null constraint addresses_key primary key constraint addresses_address check (length(address) = 64 and address not glob '*[^0-9a-f]*'),
    confirmed_at  integer,
    blocked_at    integer,
    code          text    constraint addresses_code check (code not glob '*[^a-z_]*'),
    constraint addresses_blocked_has_reason check ((blocked_at is null) = (code is null))
) strict, without rowid;

alter table outbox add column event_id text constraint outbox_event references plan_facts (event_id);

create index outbox_by_event on outbox (event_id) where event_id is not null;
create index outbox_by_message on outbox (message_id) where message_id is not null;
create index outbox_settled_at on outbox (settled_at) where settled_at is not null;

-- Made anew: a column that may be empty now was not so before. Nothing refers to it.
alter table paper_list rename to paper_list_of_documents;

create table paper_list (
    id           integer not null primary key,
    -- Exactly one of document and event.
    document_id  text,
    version      integer,
    event_id     text    constraint paper_list_event references plan_facts (event_id),
    recipient    text    not null constraint paper_list_recipient check (recipient not glob '*[^a-z0-9:]*'),
    listed_at    integer not null,
    constraint paper_list_once unique (document_id, version, recipient),
    constraint paper_list_event_once unique (event_id, recipient),
    constraint paper_list_document foreign key (document_id, version) references documents (document_id, version),
    constraint paper_list_document_whole check ((document_id is null) = (version is null)),
    constraint paper_list_about check ((event_id is null) <> (document_id is null))
) strict;

insert into paper_list (id, document_id, version, recipient, listed_at)
    select id, document_id, version, recipient, listed_at from paper_list_of_documents;

drop table paper_list_of_documents;
