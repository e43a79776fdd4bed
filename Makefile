# The few words of Keelson. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
KEELSON := node dist/client/main.js

help: ## list the words
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

demo: setup images ## a real cluster on three lab hosts, from nothing
	@test/lab/demo.sh up

demo-down: ## take the demo away: cluster, hosts, background processes
	@test/lab/demo.sh down

test: setup images former-image ## everything: types, lint, architecture, unit, workflow, fleet, hosts, e2e
	@node test/run-all.js

test-all: setup images former-image ## test, and the scenarios that are too long for CI
	@KEELSON_TEST_ALL=1 node test/run-all.js

build: dist/build.json ## compile; afterwards `npx keelson` runs it

# The last file that a build writes. What has not changed is not compiled again: somebody may be running it.
dist/build.json: package.json package-lock.json tsconfig.json tsconfig.build.json $(shell find domain workflows activities workers client home examples testing -type f) | node_modules
	@npm run -s build

images: build ## build our cluster images and put them into Keelson's store
	@images/load.sh

former-image: build ## the Kubernetes image of one minor version before, to upgrade from
	@KUBE_VERSION=v1.33.13 KEELSON_FORMER=1 images/load.sh kubernetes

temporal: ## build the Temporal CLI (the embedded server) into the cache
	@test/lab/temporal.sh

setup: ## install what a fresh Debian 12 machine lacks (root)
	@test/lab/setup.sh

bench-install: setup images ## Keelson against the same steps by hand, side by side
	@node test/bench/install.js

bench-faults: node_modules ## thousands of simulated installs while commands fail by chance: INSTALLS=2000 RATE=0.04
	@node -r ./test/temporal/typescript.js test/bench/faults.ts

bench-hosts: node_modules ## one cluster of many simulated hosts, and what it costs: HOSTS=1000
	@node -r ./test/temporal/typescript.js test/bench/hosts.ts

soak: node_modules ## faults and kills by chance, for MINUTES=60 or until it is ended
	@node -r ./test/temporal/typescript.js test/bench/soak.ts

golden: ## write the expected outputs anew
	@npx jest --selectProjects unit -u

node_modules: package.json package-lock.json
	@npm ci --no-audit --no-fund --loglevel=error
	@touch node_modules

.PHONY: help demo demo-down test test-all build images former-image temporal setup bench-install bench-faults bench-hosts soak golden
