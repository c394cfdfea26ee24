#!/usr/bin/env bash
# Starts PostgreSQL in the stand-in image, keeping the documented contract of the official `postgres:13` image.
#
# Everything the official image promises is here, and nothing more: a stand-in that forgives what the original
# refuses would hide faults of ratesdev. The one known gap: a `--user` without an entry in /etc/passwd is refused.

# No `set -u`: init scripts are sourced into this shell and may rely on unset variables, as they may in the original.
set -Eeo pipefail
shopt -s nullglob

readonly SCRIPTS=/docker-entrypoint-initdb.d
readonly SOCKETS=/var/run/postgresql

say() { printf 'entrypoint: %s\n' "$*" >&2; }

die() {
    say "error: $*"
    exit 1
}

is_root() { [ "$(id -u)" = 0 ]; }

# Gives variable $1 its value from the file named by $1_FILE, or else the default $2.
take_setting() {
    local name=$1 file_name=$1_FILE default=${2:-}
    if [ -n "${!name:-}" ] && [ -n "${!file_name:-}" ]; then
        die "$name and $file_name are both set, but only one of them may be"
    fi
    local value=${!name:-$default}
    if [ -n "${!file_name:-}" ]; then
        value=$(<"${!file_name}")
    fi
    export "$name=$value"
    # The second pass, as postgres, must not read the file again: it may be readable by root only.
    unset "$file_name"
}

take_settings() {
    take_setting POSTGRES_PASSWORD
    take_setting POSTGRES_USER postgres
    take_setting POSTGRES_DB "$POSTGRES_USER"
    take_setting POSTGRES_INITDB_ARGS
}

has_database() { [ -s "$PGDATA/PG_VERSION" ]; }

# Makes directory $1 exist with mode $2 and, where we may, belong to postgres.
own_directory() {
    mkdir -p "$1"
    if is_root; then
        find "$1" ! -user postgres -exec chown postgres {} +
    fi
    # Fails on file systems without permissions and for a --user that is not the owner; PostgreSQL checks again.
    chmod "$2" "$1" || true
}

prepare_directories() {
    own_directory "$PGDATA" 00700
    own_directory "$SOCKETS" 03775
    if [ -n "${POSTGRES_INITDB_WALDIR:-}" ]; then
        own_directory "$POSTGRES_INITDB_WALDIR" 00700
    fi
}

become_postgres() {
    exec setpriv --reuid=postgres --regid=postgres --init-groups \
        env HOME=/var/lib/postgresql "${BASH_SOURCE[0]}" "$@"
}

require_password() {
    if [ -z "$POSTGRES_PASSWORD" ] && [ "${POSTGRES_HOST_AUTH_METHOD:-}" != trust ]; then
        die "the database is empty and no superuser password is given: set POSTGRES_PASSWORD" \
            "or POSTGRES_PASSWORD_FILE, or allow connections without one by POSTGRES_HOST_AUTH_METHOD=trust"
    fi
    if [ "${POSTGRES_HOST_AUTH_METHOD:-}" = trust ]; then
        say "warning: POSTGRES_HOST_AUTH_METHOD=trust lets anybody who reaches the port be superuser"
    fi
}

create_cluster() {
    local -a arguments=(--username="$POSTGRES_USER" --pwfile=/dev/fd/9)
    if [ -n "${POSTGRES_INITDB_WALDIR:-}" ]; then
        arguments+=(--waldir "$POSTGRES_INITDB_WALDIR")
    fi
    # The setting is written as on a command line: its quotes are the shell's.
    eval "arguments+=( $POSTGRES_INITDB_ARGS )"
    initdb "${arguments[@]}" 9< <(printf '%s\n' "$POSTGRES_PASSWORD")
}

allow_network() {
    printf '\nhost all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-md5}" >>"$PGDATA/pg_hba.conf"
}

# The server that init scripts talk to listens on its socket only, so that nobody outside takes it for the real one.
start_private_server() {
    local options
    printf -v options '%q ' "$@" -c listen_addresses='' -p "${PGPORT:-5432}"
    PGUSER="${PGUSER:-$POSTGRES_USER}" pg_ctl --pgdata "$PGDATA" --options "$options" --wait start
}

stop_private_server() {
    PGUSER="${PGUSER:-$POSTGRES_USER}" pg_ctl --pgdata "$PGDATA" --mode fast --wait stop
}

# Runs psql against database $1 on the private server, stopping at the first error.
run_sql() {
    local database=$1
    shift
    PGHOST='' PGHOSTADDR='' psql --set ON_ERROR_STOP=1 --no-psqlrc --no-password \
        --username "$POSTGRES_USER" --dbname "$database" "$@"
}

create_database() {
    local exists
    exists=$(run_sql postgres --tuples-only --no-align --set name="$POSTGRES_DB" \
        <<<"SELECT 1 FROM pg_database WHERE datname = :'name'")
    if [ -z "$exists" ]; then
        run_sql postgres --set name="$POSTGRES_DB" <<<'CREATE DATABASE :"name"'
    fi
}

run_shell_script() {
    if [ -x "$1" ]; then
        "$1"
    else
        # shellcheck source=/dev/null
        . "$1"
    fi
}

run_init_script() {
    case $1 in
        *.sh) say "running $1" && run_shell_script "$1" ;;
        *.sql) say "running $1" && run_sql "$POSTGRES_DB" --file "$1" ;;
        *.sql.gz) say "running $1" && gunzip --stdout "$1" | run_sql "$POSTGRES_DB" ;;
        *.sql.xz) say "running $1" && xzcat "$1" | run_sql "$POSTGRES_DB" ;;
        *) say "ignoring $1" ;;
    esac
}

initialise() {
    require_password
    ls "$SCRIPTS" >/dev/null # an unreadable folder fails here, before there is a database
    create_cluster
    allow_network
    export PGPASSWORD="${PGPASSWORD:-$POSTGRES_PASSWORD}"
    start_private_server "${@:2}"
    create_database
    local script
    for script in "$SCRIPTS"/*; do
        run_init_script "$script"
    done
    stop_private_server
    unset PGPASSWORD
    say "the database is initialised"
}

asks_for_help() {
    local argument
    for argument in "$@"; do
        case $argument in
            '-?' | --help | --describe-config | -V | --version) return 0 ;;
        esac
    done
    return 1
}

start_postgres() {
    take_settings
    prepare_directories
    if is_root; then
        become_postgres "$@"
    fi
    if has_database; then
        say "$PGDATA holds a database already: skipping initialisation"
    else
        initialise "$@"
    fi
}

main() {
    if [[ ${1:-} == -* ]]; then
        set -- postgres "$@"
    fi
    if [ "${1:-}" = postgres ] && ! asks_for_help "$@"; then
        start_postgres "$@"
    fi
    exec "$@"
}

main "$@"
