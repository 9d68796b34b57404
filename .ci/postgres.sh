#!/bin/bash
# Gives the tests a native Postgres with pgvector on Debian bookworm: installs what is missing (as root), builds pgvector from
# Debian's own source, makes a cluster under ${TMPDIR:-/tmp} and starts it. What is there already is used again.
# The address of a superuser's database is all that it writes to its output. It never waits for durability: for tests only.
#   TEST_DATABASE_URL=$(.ci/postgres.sh)      start
#   .ci/postgres.sh stop                      stop, and remove the cluster
set -euo pipefail

version=15
bin=/usr/lib/postgresql/$version/bin
cluster=${TMPDIR:-/tmp}/embedding-map-postgres-$version

exec 3>&1 1>&2 # only the address goes to the output

# Runs a command as the user postgres, who must own the cluster: Postgres refuses to run as root.
as_postgres() { (cd / && exec setpriv --reuid=postgres --regid=postgres --init-groups "$@"); }

if [ "${1:-start}" = stop ]; then
  if as_postgres "$bin/pg_ctl" --pgdata="$cluster" status >/dev/null 2>&1; then
    as_postgres "$bin/pg_ctl" --pgdata="$cluster" --mode=immediate --silent stop
  fi
  rm -rf "$cluster"
  exit
fi

missing=()
[ -x $bin/initdb ] || missing+=(postgresql-$version)
if [ ! -e /usr/share/postgresql/$version/extension/vector.control ]; then
  [ -e /usr/include/postgresql/$version/server/postgres.h ] || missing+=(postgresql-server-dev-$version)
  command -v make >/dev/null || missing+=(make)
  command -v gcc >/dev/null || missing+=(gcc)
  [ -e /usr/include/stdlib.h ] || missing+=(libc6-dev)
fi
if [ ${#missing[@]} -gt 0 ]; then
  # Without this, installing Debian's package would make and start a cluster of its own.
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  apt-get -qq -o Dpkg::Options::=--force-confold install --no-install-recommends "${missing[@]}" >/dev/null
fi

# Bookworm has no pgvector, and a later release's binary wants a later libc. Its source builds here in seconds.
# The lists of that release are kept apart, so that this machine's own choice of packages does not change.
if [ ! -e /usr/share/postgresql/$version/extension/vector.control ]; then
  build=$(mktemp -d)
  trap 'rm -rf "$build"' EXIT
  mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' | awk '$1 == "bookworm" { print $2; exit }')
  if [ -z "$mirror" ]; then
    echo 'No source of packages for Debian bookworm is configured: pgvector cannot be had from it.'
    exit 1
  fi
  for release in forky trixie; do
    mkdir -p "$build/$release/lists/partial" "$build/$release/cache/archives/partial"
    cat >"$build/$release/debian.sources" <<END
Types: deb-src
URIs: $mirror
Suites: $release
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
END
    apt_options=(
      -o Dir::Etc::SourceList="$build/$release/debian.sources" -o Dir::Etc::SourceParts=/dev/null
      -o Dir::State::Lists="$build/$release/lists" -o Dir::Cache="$build/$release/cache" -o APT::Sandbox::User=root
    )
    # A mirror may name a version in its list and lack its file: then the next release has an older one.
    if (cd "$build/$release" && apt-get -qq "${apt_options[@]}" update &&
      apt-get -qq "${apt_options[@]}" source --download-only pgvector >/dev/null 2>&1); then
      break
    fi
  done
  mkdir "$build/source"
  tar -xzf "$build/$release"/pgvector_*.orig.tar.gz -C "$build/source" --strip-components=1
  # Without OPTFLAGS the library would be made for this very processor, and a cached machine may wake up on another.
  make -C "$build/source" -s -j"$(nproc)" PG_CONFIG=$bin/pg_config OPTFLAGS= with_llvm=no
  make -C "$build/source" -s PG_CONFIG=$bin/pg_config with_llvm=no install
fi

if [ ! -e "$cluster/PG_VERSION" ]; then
  port=$(node -e 'const server = net.createServer().listen(0, "127.0.0.1", () => { console.log(server.address().port); server.close(); })')
  rm -rf "$cluster"
  install -d -o postgres -g postgres -m 700 "$cluster"
  as_postgres "$bin/initdb" --pgdata="$cluster" --username=postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null
  # Parallel index builds of pgvector before 0.8.2 may write beyond their memory (CVE-2026-3172).
  cat >>"$cluster/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$cluster'
max_connections = 200
fsync = off
full_page_writes = off
synchronous_commit = off
shared_buffers = 512MB
maintenance_work_mem = 512MB
max_wal_size = 4GB
checkpoint_timeout = 30min
max_parallel_maintenance_workers = 0
END
fi
if ! as_postgres "$bin/pg_ctl" --pgdata="$cluster" status >/dev/null; then
  # A session of its own: it outlives the script, and the terminal that it was typed in.
  as_postgres setsid "$bin/pg_ctl" --pgdata="$cluster" --log="$cluster/postgres.log" --wait --silent start </dev/null 3>&-
fi
port=$(sed -n 's/^port = //p' "$cluster/postgresql.conf" | tail -1)
echo "postgres://postgres@127.0.0.1:$port/postgres" >&3
