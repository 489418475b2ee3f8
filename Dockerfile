# The gateway with its runtime, on Debian, for a user without rights.
FROM node:22.20.0-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-fund --no-audit
COPY bin ./bin
COPY src ./src
COPY deploy/docker/entrypoint.sh ./

FROM debian:bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin llm-proxy \
  && mkdir -p /data && chown llm-proxy /data
COPY --from=packages /app /app
ENV LANG=C.UTF-8
# Logs and databases with relative paths land here.
WORKDIR /data
VOLUME /data
USER llm-proxy
EXPOSE 18000
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
  CMD ["/bin/sh", "-c", "exec /app/entrypoint.sh health"]
ENTRYPOINT ["/app/entrypoint.sh"]
