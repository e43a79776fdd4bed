# Keelson's Temporal worker (and the CLI). Debian, not Alpine: the Temporal SDK's native core needs glibc.
FROM node:22-bookworm-slim AS build
WORKDIR /keelson
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY domain domain
COPY home home
COPY workflows workflows
COPY activities activities
COPY workers workers
COPY client client
COPY examples examples
RUN npm run build && npm prune --omit=dev

FROM node:22-bookworm-slim
# skopeo fetches images; zstd unpacks layers that Node.js cannot.
RUN apt-get update && apt-get install -y --no-install-recommends skopeo zstd ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /keelson
COPY --from=build /keelson/package.json ./
COPY --from=build /keelson/node_modules node_modules
COPY --from=build /keelson/dist dist
RUN ln -s /keelson/dist/client/main.js /usr/local/bin/keelson && chmod +x dist/client/main.js \
  && mkdir /data && chown node:node /data
ENV NODE_ENV=production KEELSON_HOME=/data
VOLUME /data
USER node
CMD ["node", "dist/workers/main.js"]
