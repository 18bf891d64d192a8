# syntax=docker/dockerfile:1

# Tags move; who builds for production names digests: --build-arg RUNTIME=gcr.io/distroless/...@sha256:...
ARG BUILD=node:26-slim
# Node.js and the libraries that it needs: no shell, no npm, no package manager.
ARG RUNTIME=gcr.io/distroless/nodejs26-debian13:nonroot

# hadolint ignore=DL3006
FROM ${BUILD} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without its install script the npm package `node` brings no second interpreter.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.ts scripts/
COPY src src
RUN npm run build && mkdir compile-cache

# hadolint ignore=DL3006
FROM ${RUNTIME} AS program
ENV NODE_ENV=production
WORKDIR /app
COPY package.json LICENSE ./
COPY proto proto
COPY third_party third_party
COPY --from=build /app/dist/*.js /app/dist/THIRD_PARTY_LICENSES.txt /app/dist/sbom.cdx.json dist/
# What V8 compiles in a start, for starts in two thirds of the time. It counts for the same user, path and options,
# and for processors with the same features; elsewhere a start takes as long as without.
ENV NODE_COMPILE_CACHE=/app/compile-cache
# glibc gives each of Node's threads memory of its own, up to eight times as many as there are processors, and hardly gives
# it back. Behind 18,000 short calls the process held 504 MiB, with two of them 403, and a call took as long.
ENV MALLOC_ARENA_MAX=2
USER 65532:65532

# One start of ten seconds, which leaves behind what V8 compiled.
FROM program AS started
COPY --chown=65532:65532 --from=build /app/compile-cache compile-cache
# hadolint ignore=DL3064
ENV OPENAI_API_KEY=none TAMMA_DATA_DIR=/tmp/ledger
RUN ["/nodejs/bin/node", "--disable-sigusr1", "--max-old-space-size-percentage=50", \
     "--import", "data:text/javascript,setTimeout(() => process.kill(process.pid, 'SIGTERM'), 10_000)", \
     "dist/main.js"]

FROM program
# Node.js writes it for its own user alone.
COPY --chown=0:0 --chmod=0555 --from=started /app/compile-cache compile-cache
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="tamma-provider-openai" \
      org.opencontainers.image.description="The OpenAI provider of the Tamma platform: a gRPC sidecar" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="LicenseRef-UNLICENSED"
# Unprivileged, and as a number, so that Kubernetes can see that it is not root. Nothing here is
# written to: the root file system may be read-only.
USER 65532:65532
EXPOSE 50051 9464
# SIGUSR1 does not open the debugger, not even before the program has begun.
ENTRYPOINT ["/nodejs/bin/node", "--disable-sigusr1", "--max-old-space-size-percentage=50", "dist/main.js"]
