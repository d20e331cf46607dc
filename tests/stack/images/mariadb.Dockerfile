FROM cauce-test-base:1
COPY mariadb_entry.sh /usr/local/bin/docker-entrypoint.sh
COPY mariadb_health.sh /usr/local/bin/healthcheck.sh
RUN userdel mysql; groupadd --force --gid 999 mysql; useradd --uid 999 --gid 999 mysql; \
    chmod 755 /usr/local/bin/*.sh && rm -rf /var/lib/mysql && mkdir -p /var/lib/mysql /run/mysqld \
    && chown mysql:mysql /var/lib/mysql && chmod 1777 /run/mysqld
VOLUME /var/lib/mysql
ENTRYPOINT ["docker-entrypoint.sh"]
