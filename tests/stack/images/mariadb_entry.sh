#!/bin/bash
# Stand-in for the image's own: the same variables, the same folder of scripts.
set -eu
D=/var/lib/mysql
docker_process_sql() { mariadb --no-defaults --protocol=socket --socket=/run/mysqld/s.sock --user=root "$@"; }
if [ ! -d $D/mysql ]; then
  mariadb-install-db --no-defaults --datadir=$D --auth-root-authentication-method=normal --skip-test-db > /dev/null
  mariadbd --no-defaults --datadir=$D --socket=/run/mysqld/s.sock --skip-networking &
  for i in $(seq 60); do docker_process_sql -e 'select 1' > /dev/null 2>&1 && break; sleep 0.5; done
  root=$(cat "$MARIADB_ROOT_PASSWORD_FILE")
  for f in /docker-entrypoint-initdb.d/*.sh; do . "$f"; done
  docker_process_sql -e "CREATE USER healthcheck@localhost IDENTIFIED BY 'h$root'; ALTER USER root@localhost IDENTIFIED BY '$root'"
  printf '[client]\nuser=healthcheck\npassword=h%s\n' "$root" > $D/.my-healthcheck.cnf
  mariadb-admin --no-defaults --socket=/run/mysqld/s.sock --user=root --password="$root" shutdown
  wait
fi
exec mariadbd --no-defaults --datadir=$D --socket=/run/mysqld/s.sock --bind-address=0.0.0.0 "$@"
