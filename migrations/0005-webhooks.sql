-- Webhooks: who is told of public events, what was sent to them, and how it went. The queue that wakes deliveries is
-- graphile-worker's, in a schema of its own that its package migrates.

create table webhooks (
  id uuid not null default gen_random_uuid(),
  organisation text not null,
  url text not null,
  description text,
  -- Which public events are sent: each list is a filter, an empty one lets all pass.
  event_types text[] not null,
  organisations text[] not null,
  roles text[] not null,
  -- Encrypted with a key that is not in the database. The old one signs too until its time.
  secret text not null,
  old_secret text,
  old_secret_until timestamptz,
  -- The newest event at its creation: what was published before is not sent, unless it is asked for.
  created_position bigint not null,
  revision integer not null default 1,
  created_at timestamptz not null default now(),
  created_by text,
  updated_at timestamptz not null default now(),
  -- Nothing is sent while it is set.
  disabled_at timestamptz,
  disabled_reason text,
  -- The first failure since the last success, and how many rounds of attempts in a row brought none.
  failing_since timestamptz,
  failed_rounds integer not null default 0,
  -- No attempt before it: the pause of a receiver that fails, or the one it asked for.
  rest_until timestamptz,
  constraint webhooks_pkey primary key (id),
  constraint webhooks_organisation_fkey foreign key (organisation) references organisations (slug),
  constraint webhooks_disabled_reason_check check (disabled_reason in ('by_request', 'failing', 'gone')),
  constraint webhooks_disabled_check check ((disabled_at is null) = (disabled_reason is null))
);
create index webhooks_organisation_id_idx on webhooks (organisation, id);

-- One row for each event and webhook, whatever number of attempts and replays it takes.
create table webhook_deliveries (
  serial bigint generated always as identity,
  webhook uuid not null,
  -- The webhook-id header, the same in every attempt: how a receiver knows a duplicate.
  id text not null,
  -- The event; null is a ping.
  position bigint,
  -- As the message has it.
  type text not null,
  created_at timestamptz not null default now(),
  status text not null default 'pending',
  -- All attempts that were made, and those since it was last asked for, which tell the next pause.
  attempts integer not null default 0,
  tries integer not null default 0,
  next_attempt_at timestamptz default now(),
  constraint webhook_deliveries_pkey primary key (webhook, id),
  constraint webhook_deliveries_webhook_fkey foreign key (webhook) references webhooks (id) on delete cascade,
  constraint webhook_deliveries_position_fkey foreign key (position) references events (position),
  constraint webhook_deliveries_status_check check (status in ('pending', 'delivered', 'failed')),
  constraint webhook_deliveries_pending_check check ((status = 'pending') = (next_attempt_at is not null))
);
create index webhook_deliveries_webhook_serial_idx on webhook_deliveries (webhook, serial);
create index webhook_deliveries_due_idx on webhook_deliveries (webhook, next_attempt_at) where status = 'pending';
create index webhook_deliveries_done_idx on webhook_deliveries (created_at) where status <> 'pending';

create table webhook_attempts (
  webhook uuid not null,
  delivery text not null,
  number integer not null,
  started_at timestamptz not null,
  duration_ms integer not null,
  -- What was answered; null where nothing was.
  status smallint,
  -- Why it failed, for people to read; null where it did not.
  error text,
  -- The beginning of the body of a refusal.
  response text,
  constraint webhook_attempts_pkey primary key (webhook, delivery, number),
  constraint webhook_attempts_delivery_fkey foreign key (webhook, delivery)
    references webhook_deliveries (webhook, id) on delete cascade
);

-- How far the feed has been handed out to webhooks: one row, locked by whoever hands out.
create table webhook_cursor (
  id boolean not null default true,
  position bigint not null,
  constraint webhook_cursor_pkey primary key (id),
  constraint webhook_cursor_id_check check (id)
);
insert into webhook_cursor (position) select position from feed_counter;
