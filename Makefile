# Everything a person or CI runs. `make` lists the targets. A target installs missing tools into .local, into
# cargo's own folder, or with apt (third-party programs for tests and benchmarks), and reports that.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# Targets start and use the same cloud: two at once would interfere.
.NOTPARALLEL:

PYTHON ?= python3
CLOUD := $(PYTHON) infra/local/cloud.py
# The environment of a client of the local cloud, for the following command.
WITH_CLOUD := settings=$$($(CLOUD) env); eval "$$settings";

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- development -------------------------------------------------------------------------------------------------------------

demo: NEEDS := demo
demo: local ## Set up everything and publish a post, from sign-up to Bluesky and Mastodon
	@$(CLOUD) pds-up
	@$(CLOUD) mastodon-up
	@$(PYTHON) infra/local/demo.py

# What `local` installs while it builds: what itself, `demo` or `test` needs.
NEEDS := local
local: ## Build, start the local cloud, deploy to it
	@$(CLOUD) prepare $(NEEDS)
	@$(CLOUD) up
	@$(CLOUD) deploy

push: ## Build one function and swap it into the running stack: make push FN=create-post
	@$(CLOUD) push $(or $(FN),$(error name a function: make push FN=create-post))

logs: ## Follow the log of one function: make logs FN=create-post
	@$(CLOUD) logs $(or $(FN),$(error name a function: make logs FN=create-post))

status: ## Show what runs, and where
	@$(CLOUD) status

stop: ## Stop the local cloud and the other servers; the cloud's state is kept
	@$(CLOUD) down

reset: ## Stop them and delete the state of the local cloud
	@$(CLOUD) reset

# --- tests -------------------------------------------------------------------------------------------------------------------

generate: ## Write the lists of functions, the templates, indexes and the OpenAPI document
	@$(CLOUD) generate

check: ## Formatting, lints, tidy rules, generated files, templates
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --all-features --quiet -- --deny warnings
	@$(CLOUD) generate --check
	@# With the features of all tests, so that no dependency is compiled for this one.
	cargo test --quiet --workspace --test tidy
	@$(CLOUD) check-templates

# Function binaries have no tests, but an empty harness would be linked for each: hence --lib and --test.
test: NEEDS := test
test: local ## All tests, against one local cloud, a real Bluesky server, and third-party authenticators and servers
	@$(CLOUD) pds-up
	@$(CLOUD) mastodon-up
	@# The demo mostly waits, and the tests of browser and clients are short: all run in parallel to the tests.
	@$(PYTHON) infra/local/demo.py --check > .local/log/demo-check.log 2>&1 & demo=$$!; \
	  $(CLOUD) peer passkeys > .local/log/passkeys-check.log 2>&1 & passkeys=$$!; \
	  $(CLOUD) peer clients > .local/log/clients-check.log 2>&1 & clients=$$!; \
	  $(CLOUD) peer mastodon > .local/log/mastodon-check.log 2>&1 & mastodon=$$!; \
	  $(CLOUD) peer rich_text > .local/log/rich_text-check.log 2>&1 & rich_text=$$!; \
	  rm -f .local/log/answered.txt; \
	  $(WITH_CLOUD) BULKHEAD_ANSWERED=$(CURDIR)/.local/log/answered.txt cargo nextest run --workspace --lib --test '*' --bin generator --bin sources $(TEST_ARGS) || { kill $$demo $$passkeys $$clients $$mastodon $$rich_text || true; exit 1; }; \
	  for run in "$$demo demo" "$$passkeys passkeys" "$$clients clients" "$$mastodon mastodon" "$$rich_text rich_text"; do log=.local/log/$${run#* }-check.log; \
	    wait $${run% *} || { cat $$log; exit 1; }; tail -4 $$log; done
	@$(if $(TEST_ARGS),:,$(if $(BULKHEAD_LONG),,SEED=424242) target/debug/simulate $(if $(BULKHEAD_LONG),1000000,3000) > /dev/null)
	@# Killing functions would disturb the tests above.
	@$(if $(BULKHEAD_LONG),$(WITH_CLOUD) target/debug/kill-functions 600,:)
	@$(CLOUD) check-logs
	@$(if $(TEST_ARGS),:,$(CLOUD) check-answers)

# With the features of all tests, so that nothing is compiled for it alone.
SIMULATE = cargo test --quiet --workspace --no-run --test worlds && target/debug/simulate

simulate: ## Run whole functions in worlds of faults: make simulate STORIES=500, or SEED=7 to replay a world
	@$(SIMULATE) $(if $(SEED),replay $(SEED),$(STORIES)) > /dev/null

mutants: ## Remove every guard of a write, one at a time: a simulated world must fail without it
	@$(SIMULATE) mutants $(if $(GUARD),"$(GUARD)") > /dev/null

MINUTES ?= 10

kill: NEEDS := demo
kill: local ## Kill functions under load on the local cloud, then judge: make kill MINUTES=10 SEED=7
	@$(CLOUD) pds-up
	@cargo test --quiet --workspace --no-run --test worlds
	@$(WITH_CLOUD) $(if $(SEED),SEED=$(SEED)) target/debug/kill-functions $$(($(MINUTES) * 60))

audit: ## Advisories, licences and sources of the dependencies (needs the network)
	@$(CLOUD) install-cargo-tool deny
	cargo deny --all-features check

bench: local package ## Measure the numbers of docs/benchmarks.md
	cargo build --quiet --release --package measure
	@$(PYTHON) infra/local/bench.py

# --- AWS ---------------------------------------------------------------------------------------------------------------------

package: ## Package for AWS into target/package, with the size gate; ARCHITECTURE=arm64 for a deploy
	@$(CLOUD) package $(ARCHITECTURE)

STACK ?= bulkhead
RELEASE ?= $(shell git describe --always --dirty)
ARCHITECTURE_FOR_AWS := $(or $(ARCHITECTURE),arm64)

deploy: ## Deploy to AWS: make deploy PARAMETERS='AppUrl=… AllowedOrigins=… MailFrom=…'
	@$(CLOUD) package $(ARCHITECTURE_FOR_AWS)
	@$(CLOUD) sam deploy --template-file template.yaml --stack-name $(STACK) --resolve-s3 --no-fail-on-empty-changeset \
	  --capabilities CAPABILITY_IAM CAPABILITY_NAMED_IAM CAPABILITY_AUTO_EXPAND \
	  --parameter-overrides Release=$(RELEASE) Architecture=$(ARCHITECTURE_FOR_AWS) $(PARAMETERS) $(SAM_ARGS)
	@$(CLOUD) prune $(STACK)

clean: ## Stop everything and delete everything built, installed or stored
	@$(CLOUD) down
	cargo clean
	rm -rf .local

.PHONY: help demo local push logs status stop reset generate check test simulate mutants kill audit bench package deploy clean
