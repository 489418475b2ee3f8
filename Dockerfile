# The program as one file, on Debian, for a user without rights. Only the first stage runs programs, on the machine that
# builds: no emulation is needed for an image of another platform.
# Base images are named by version: a rebuild takes their security updates. For builds that never change, write the digest behind
# the version; "docker buildx imagetools inspect IMAGE" prints it.
FROM --platform=$BUILDPLATFORM node:22.20.0-bookworm-slim AS build
ARG TARGETARCH
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-fund --no-audit
COPY console console
COPY src/console/page src/console/page
COPY src/config/schema/limit-words.ts src/config/schema/
COPY scripts/prepare-console.sh scripts/
RUN scripts/prepare-console.sh
COPY scripts/build.ts scripts/
COPY scripts/build scripts/build
COPY src src
RUN node_modules/.bin/bun scripts/build.ts "linux-${TARGETARCH}" \
  && mv "dist/llm-proxy-linux-${TARGETARCH}" llm-proxy \
  && mkdir data

FROM debian:12.13-slim
COPY --from=build /build/llm-proxy /usr/local/bin/
COPY --chmod=755 deploy/docker/entrypoint.sh /usr/local/bin/
# Logs and databases with relative paths land here. Nothing else is written to: the rest may be read-only.
COPY --from=build --chown=10001:10001 /build/data /data
ENV LANG=C.UTF-8
WORKDIR /data
VOLUME /data
USER 10001:10001
EXPOSE 18000
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["entrypoint.sh", "health"]
ENTRYPOINT ["entrypoint.sh"]
