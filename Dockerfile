# syntax=docker/dockerfile:1

FROM node:26-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without its install script the npm package `node` brings no second interpreter.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.ts scripts/
COPY src src
RUN npm run build

FROM node:26-slim
LABEL org.opencontainers.image.title="tamma-provider-openai" \
      org.opencontainers.image.description="The OpenAI provider of the Tamma platform: a gRPC sidecar"
ENV NODE_ENV=production
WORKDIR /app
COPY package.json ./
COPY proto proto
COPY third_party third_party
COPY --from=build /app/dist/*.js /app/dist/THIRD_PARTY_LICENSES.txt dist/
# What V8 compiles in a start, for starts in two thirds of the time. It counts for the same user, path and options,
# and for processors with the same features; elsewhere a start takes as long as without.
ENV NODE_COMPILE_CACHE=/app/compile-cache
RUN mkdir compile-cache && chown 65532:65532 compile-cache
USER 65532:65532
RUN OPENAI_API_KEY=none TAMMA_DATA_DIR=/tmp/ledger timeout --preserve-status 10 \
    node --disable-sigusr1 --max-old-space-size-percentage=50 dist/main.js && rm -r /tmp/ledger
USER 0:0
RUN chown -R 0:0 compile-cache && chmod -R a=rX compile-cache
# Unprivileged, and as a number, so that Kubernetes can see that it is not root. Nothing here is
# written to: the root file system may be read-only.
USER 65532:65532
EXPOSE 50051 9464
# SIGUSR1 does not open the debugger, not even before the program has begun.
ENTRYPOINT ["node", "--disable-sigusr1", "--max-old-space-size-percentage=50", "dist/main.js"]
