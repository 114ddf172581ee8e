-- A receiver's own wish (Retry-After) outlasts a success; the rest that we give a receiver that fails ends with it.
alter table webhooks add column asked_until timestamptz;
