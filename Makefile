# The program as single files. Everything is done by scripts/build.ts; build.bat is the same for Windows.
.DEFAULT_GOAL := help
.PHONY: help build build-all linux darwin windows test clean

BUILD = . scripts/install.sh && install run && scripts/prepare-console.sh && node_modules/.bin/bun scripts/build.ts

help:
	@echo "make build-all   every file: dist/llm-proxy-{linux,darwin,windows}-{amd64,arm64}[.exe]"
	@echo "make build       the one for this machine"
	@echo "make linux       two of them; so do darwin and windows"
	@echo "make test        every check and every test"
	@echo "make clean       removes dist"

build:
	@$(BUILD) host

build-all:
	@$(BUILD) all

linux darwin windows:
	@$(BUILD) $@

test:
	@./test.sh

clean:
	rm -rf dist
